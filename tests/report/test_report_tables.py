import json
import shutil

import numpy as np
import pandas as pd
import pytest
import synthetic
import undrawn

from bench import report
from bench.report.load import panels
from bench.report.load.results import BadTables, Results


@pytest.fixture(scope="module")
def board(study_folder):
    return pd.read_csv(study_folder / "leaderboard.csv", keep_default_na=False, na_values={"mean": "", "low": ""})


def pick(board, **wanted):
    return board[np.all([board[key] == value for key, value in wanted.items()], axis=0)]


def scores(folder):
    return pd.concat([rows for _, _, rows in Results.load(folder).partitions()], ignore_index=True)


@pytest.fixture
def changed(study_folder, tmp_path):
    """A copy of the study whose scores a function may change in place."""

    def change(edit):
        shutil.copytree(study_folder, tmp_path / "copy")
        for file in sorted((tmp_path / "copy" / "scores").glob("*/*/*.parquet")):
            table = pd.read_parquet(file, partitioning=None)
            edited = edit(table, file.parent.parent.name.split("=")[1], file.parent.name.split("=")[1])
            edited.to_parquet(file, index=False)
        return tmp_path / "copy"

    return change


def test_means_are_those_of_the_long_scores(study_folder, board):
    rows = scores(study_folder)
    rows = rows[(rows["metric"] == "calibrated_ap") & (rows["status"] == "ok") & (rows["network"] == "gap_cnn")]
    means = rows.groupby(["method", "simulator"], observed=True)["value"].mean().unstack()
    mine = pick(board, ranking="anatomy", network="gap_cnn")
    mine = mine.pivot_table(index="method", columns="simulator", values="mean")
    for simulator in synthetic.SIMULATORS:
        np.testing.assert_allclose(mine[simulator], means[simulator].reindex(mine.index), atol=6e-5)
    np.testing.assert_allclose(mine[synthetic.GROUP], means.reindex(mine.index).mean(axis=1), atol=6e-5)


def test_only_methods_are_ranked_and_ties_share_a_rank(board):
    assert set(board[board["rank"] != ""]["role"]) == {"method"}
    ranks = pick(board, ranking="anatomy", network="gap_cnn", simulator=synthetic.GROUP).set_index("method")["rank"]
    assert ranks["occlusion"] == ranks["grad_cam"] == "1"
    assert ranks["integrated_gradients"] == "3"
    assert ranks[synthetic.MARKUP] == "8"


def test_status_below_gate_and_failed(board):
    below = pick(board, simulator="focal", network="linear")
    assert set(below["rank"]) == {""}
    assert set(below[below["mean"].notna()]["status"]) == {"below gate"}
    broken = pick(board, method="broken")
    assert set(broken["status"]) == {"failed"} and set(broken["reason"]) == {"ValueError: <b>boom</b>"}
    rows = pick(board, simulator=synthetic.GROUP, network="linear")
    assert rows[rows["mean"].notna()]["n_simulators"].eq(1).all()


def test_models_below_the_gate_move_nothing(study_folder, tmp_path):
    copy = shutil.copytree(study_folder, tmp_path / "copy")
    models = pd.read_csv(copy / "models.csv", keep_default_na=False)
    bad = (models["network"] == "gap_cnn") & (models["data_seed"] == 1) & (models["model_seed"] == 1)
    models.assign(passed=models["passed"] & ~bad).to_csv(copy / "models.csv", index=False)
    before = synthetic.leaderboard(Results.load(copy))
    for file in copy.glob("scores/*/network=gap_cnn/*.parquet"):
        table = pd.read_parquet(file, partitioning=None)
        hit = (table["data_seed"] == 1) & (table["model_seed"] == 1) & (table["status"] == "ok")
        table.assign(value=table["value"].where(~hit, 0.5)).to_parquet(file, index=False)
    pd.testing.assert_frame_equal(synthetic.leaderboard(Results.load(copy)), before)
    assert set(pick(before, network="gap_cnn", method="occlusion")["n_units"]) == {5, 10}


def test_a_method_that_lacks_cells_is_partial_and_unranked(changed):
    def lose(table, simulator, network):
        lost = (table["method"] == "occlusion") & (table["data_seed"] == 0) & (table["model_seed"] == 0)
        gone = {"status": "failed", "reason": "gone", "value": np.nan}
        return table.assign(**{key: table[key].where(~lost, value) for key, value in gone.items()})

    board = synthetic.leaderboard(Results.load(changed(lose)))
    mine = pick(board, method="occlusion", network="gap_cnn")
    assert set(mine["status"]) == {"partial"}
    assert set(mine["rank"]) == {""}
    assert mine["mean"].notna().all()
    assert (
        pick(board, method="grad_cam", network="gap_cnn", simulator=synthetic.GROUP, ranking="anatomy")["rank"].item()
        == "1"
    )


def test_row_order_does_not_matter(changed, board):
    copy = changed(lambda table, simulator, network: table.sample(frac=1, random_state=0))
    report.leaderboard(copy)
    again = pd.read_csv(copy / "leaderboard.csv", keep_default_na=False, na_values={"mean": "", "low": ""})
    pd.testing.assert_frame_equal(again, board)


def test_lower_is_better_turns_the_order(study_folder, tmp_path):
    copy = shutil.copytree(study_folder, tmp_path / "copy")
    about = json.loads((copy / "study.json").read_text())
    about["headline"]["faithfulness"] = {"metric": "infidelity", "truth": "", "view": "", "strata": []}
    (copy / "study.json").write_text(json.dumps(about))
    board = pick(
        synthetic.leaderboard(Results.load(copy)), ranking="faithfulness", network="gap_cnn", simulator=synthetic.GROUP
    )
    means = board["mean"].dropna()
    assert means.is_monotonic_increasing
    assert board[board["rank"] != ""].iloc[0]["method"] == "occlusion"
    assert (board[board["method"] == "occlusion"]["gain"] > 0).all()


def test_one_data_seed_has_no_interval_no_rank_and_is_a_preview(tmp_path):
    folder = synthetic.study(tmp_path / "one", data_seeds=1, subjects=4)
    board = synthetic.leaderboard(Results.load(folder))
    assert board["low"].isna().all()
    assert board["mean"].notna().any()
    assert set(board["rank"]) == {""} and "no interval" in set(board["status"])
    assert board[board["n_data_seeds"] > 0]["preview"].str.startswith("preview").all()


def test_five_data_seeds_and_24_subjects_are_no_preview(tmp_path):
    """A dozen subjects of each of two simulators: the mean over both is none, each by itself is."""
    folder = synthetic.study(tmp_path / "five", data_seeds=5, model_seeds=1, subjects=14)
    board = synthetic.leaderboard(Results.load(folder))
    found = board[board["mean"].notna() & (board["network"] == "gap_cnn")].groupby("simulator")["preview"].unique()
    assert found[synthetic.GROUP].tolist() == [""]
    assert found["focal"].tolist() == found["mtl_atrophy"].tolist() == ["preview: fewer than 24 subjects"]


def test_strata_choose_the_subjects_of_a_ranking(study_folder, tmp_path):
    copy = shutil.copytree(study_folder, tmp_path / "copy")
    about = json.loads((copy / "study.json").read_text())
    about["headline"]["anatomy"]["strata"] = ["TP"]
    (copy / "study.json").write_text(json.dumps(about))
    board = pick(synthetic.leaderboard(Results.load(copy)), ranking="anatomy", simulator="focal", network="gap_cnn")
    rows = scores(copy)
    rows = rows[(rows["metric"] == "calibrated_ap") & (rows["stratum"] == "TP") & (rows["simulator"] == "focal")]
    rows = rows[(rows["network"] == "gap_cnn") & (rows["method"] == "occlusion")]
    assert pick(board, method="occlusion")["mean"].item() == pytest.approx(rows["value"].mean(), abs=6e-5)
    assert pick(board, method="occlusion")["n_subjects"].item() == 15


def test_a_simulator_where_no_method_beats_blind_controls_is_not_rankable_and_in_no_pool(changed):
    """Edges are made the best on `focal`, whose anatomy then ranks nobody and leaves the mean over simulators."""

    def blinded(table, simulator, network):
        best = (table["method"] == "sobel") & (table["metric"] == "calibrated_ap") & (simulator == "focal")
        return table.assign(value=table["value"].where(~best, 0.95))

    folder = changed(blinded)
    board = pick(synthetic.leaderboard(Results.load(folder)), network="gap_cnn", ranking="anatomy")
    focal, pool, alone = (pick(board, simulator=name) for name in ("focal", synthetic.GROUP, "mtl_atrophy"))
    assert set(focal["status"]) == {"not rankable", "failed"} and set(focal["rank"]) == {""}
    assert pick(focal, method="sobel")["mean"].item() == pytest.approx(0.95)
    assert set(pool["n_simulators"]) == {0, 1} and "1" in set(pool["rank"])
    means = [table.set_index("method")["mean"] for table in (pool, alone)]
    pd.testing.assert_series_equal(*(mean.sort_index() for mean in means))
    html = undrawn.page(folder)
    assert "not rankable" in html and "no method is shown to beat the controls that see no model" in html


@pytest.mark.parametrize(("noise", "rankable"), [(0.0, True), (1.0, False)])
def test_a_better_mean_alone_makes_no_ranking(changed, noise, rankable):
    """Edges score what the best method does, but for noise of one size: a mean ahead by luck is no lead."""

    def close(table, simulator, network):
        best, edges = (
            (table["method"] == name) & (table["metric"] == "calibrated_ap") & (simulator == "focal")
            for name in ("occlusion", "sobel")
        )
        value = table["value"].where(~(best | edges), 0.65)
        value = value.where(~best, 0.68 + noise * np.where(table["subject"] % 2, 0.3, -0.3))
        return table.assign(value=value)

    board = pick(synthetic.leaderboard(Results.load(changed(close))), network="gap_cnn", ranking="anatomy")
    focal = pick(board, simulator="focal").set_index("method")
    assert ("not rankable" not in set(focal["status"])) == rankable
    others = focal.loc[(focal["role"] == "method") & (focal.index != "occlusion"), "mean"]
    assert others.max() < focal.loc["sobel", "mean"] < focal.loc["occlusion", "mean"]


def test_subjects_that_a_ranking_leaves_out_stand_beside_it_as_lead_over_the_constant_map(changed):
    """The input takes the constant map's name; of controls the board has the paired lead over it."""
    folder = changed(lambda table, *_: table.assign(method=table["method"].replace("input_magnitude", "constant")))
    methods = (folder / "methods.csv").read_text().replace("input_magnitude", "constant")
    (folder / "methods.csv").write_text(methods)
    about = json.loads((folder / "study.json").read_text())
    about["headline"]["faithfulness"]["strata"] = ["TP", "FN"]
    (folder / "study.json").write_text(json.dumps(about))
    board = pick(synthetic.leaderboard(Results.load(folder)), network="gap_cnn", simulator="focal")
    rows = scores(folder)
    here = (rows["metric"] == "region_ap") & (rows["simulator"] == "focal") & (rows["network"] == "gap_cnn")
    means = rows[here & (rows["stratum"] == "TN")].groupby("method")["value"].mean()
    mine = pick(board, ranking="faithfulness").set_index("method")
    for method in ("gradient", "occlusion", "constant"):
        assert mine.loc[method, "elsewhere"] == pytest.approx(means[method] - means["constant"], abs=6e-5)
    assert mine.loc["gradient", "elsewhere_low"] < mine.loc["gradient", "elsewhere"]
    # chance is what the metric declares, or else what the constant map has here
    assert set(mine["chance"]) == {mine.loc["constant", "mean"]}
    anatomy = pick(board, ranking="anatomy")
    assert set(anatomy["chance"]) == {0.0} and anatomy["elsewhere"].isna().all()


@pytest.mark.parametrize(
    ("file", "edit", "told"),
    [
        ("models.csv", lambda text: text.replace("passed", "pased", 1), "lacks the column passed"),
        ("models.csv", lambda text: text.replace("True", "perhaps", 1), "neither True nor False"),
        ("metrics.csv", lambda text: text.replace("-inf", "much", 1), "no number"),
        ("metrics.csv", lambda text: text.replace("region_ap", "other"), "which"),
        ("study.json", lambda text: text.replace('"headline"', '"headlines"'), "lacks headline"),
    ],
)
def test_bad_tables_are_told_in_one_sentence(study_folder, tmp_path, file, edit, told):
    copy = shutil.copytree(study_folder, tmp_path / "copy")
    (copy / file).write_text(edit((copy / file).read_text()))
    with pytest.raises(BadTables, match=told):
        Results.load(copy)


@pytest.mark.parametrize("file", ["study.json", "models.csv"])
def test_a_file_that_is_missing_is_told(study_folder, tmp_path, file):
    copy = shutil.copytree(study_folder, tmp_path / "copy")
    (copy / file).unlink()
    with pytest.raises(BadTables, match=f"{file} is missing"):
        Results.load(copy)


@pytest.mark.parametrize("end", [0, 40])
@pytest.mark.parametrize("file", ["study.json", "models.csv", "panels.npz", "scores/*/*/*.parquet"])
def test_a_torn_file_is_told_in_one_sentence_with_how_to_mend_it(study_folder, tmp_path, file, end):
    copy = shutil.copytree(study_folder, tmp_path / "copy")
    path = next(copy.glob(file))
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(BadTables, match=r"^[^\n]*; write it anew with 'python -m bench tables'$") as error:
        list(Results.load(copy).partitions())
        panels.read(copy / "panels.npz")
    assert str(path) in str(error.value)
