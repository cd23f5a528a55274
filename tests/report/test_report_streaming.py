"""Tables made partition by partition are those of all rows at once; what is compared and resampled rests on them."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import synthetic

from bench import report
from bench.report.load import partitions
from bench.report.load.results import BadTables, Results
from bench.report.metrics import tables as metric_tables
from bench.report.rankings import violations
from bench.report.rankings.blocks import Blocks
from bench.report.statistics.arrays import GROUP

WRITTEN = ("leaderboard", "comparisons", "concordance", "components", "cells")


def written(folder):
    report.leaderboard(folder)
    return {name: (folder / f"{name}.csv").read_text() for name in WRITTEN}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = synthetic.study(tmp_path_factory.mktemp("streaming") / "study", 5, 2, 14, networks=list(synthetic.NETWORKS))
    written(made)
    return made


@pytest.fixture(scope="module")
def board(folder):
    rows = pd.read_csv(folder / "leaderboard.csv", keep_default_na=False, na_values={"skill": "", "rank_low": ""})
    return rows[
        (rows["network"] == "gap_cnn") & (rows["simulator"] == synthetic.GROUP) & (rows["ranking"] == "anatomy")
    ]


def test_many_files_are_one_table(folder, tmp_path):
    """Rows in one file of plain strings, in another order, give the same bytes as a file a method."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    for part in copy.glob("scores/*/*"):
        files = sorted(part.glob("*.parquet"))
        rows = pd.concat([pd.read_parquet(file, partitioning=None) for file in files])
        for file in files:
            file.unlink()
        rows.sort_values(["subject", "metric"], kind="stable").to_parquet(part / "part-0.parquet", index=False)
    assert written(copy) == written(folder)


@pytest.mark.full
def test_two_processes_write_the_bytes_of_one(folder, tmp_path, monkeypatch):
    copy = shutil.copytree(folder, tmp_path / "copy")
    alone = {**written(copy), **metric_tables.write(Results.load(copy))}, violations.violations(Results.load(copy))
    monkeypatch.setattr(partitions, "LARGE", 0)
    together = {**written(copy), **metric_tables.write(Results.load(copy))}, violations.violations(Results.load(copy))
    assert alone[1] == together[1]
    for name, found in alone[0].items():
        assert found.equals(together[0][name]) if isinstance(found, pd.DataFrame) else found == together[0][name], name
    assert partitions.rows(Results.load(copy)) == sum(len(rows) for *_, rows in Results.load(copy).partitions())


def test_streamed_means_are_those_of_all_rows(folder):
    study = Results.load(folder)
    whole = pd.concat(
        [rows.astype(dict.fromkeys([*GROUP, "simulator", "network"], str)) for *_, rows in study.partitions()]
    )
    passed = study.models.groupby(["simulator", "network"])["passed"].any()
    assert not passed.all()
    ok = whole[whole["status"] == "ok"]
    means = ok.groupby(["simulator", "network", *GROUP])["value"].mean()
    found = pd.read_csv(folder / "cells.csv", keep_default_na=False)
    found = found[found["simulator"].isin(synthetic.SIMULATORS)]
    found = found.set_index(["simulator", "network", *GROUP])["mean"].astype(float)
    assert set(found.index) == set(means.index)
    np.testing.assert_allclose(found, means.reindex(found.index), atol=1e-6)


def test_per_model_scores_average_to_the_blocks(folder):
    whole = Blocks.read(Results.load(folder))
    for ranking, blocks in whole.headline.items():
        for block, layers in zip(blocks, whole.by_model[ranking], strict=True):
            assert layers.groups.equals(block.groups)
            for d, seed in enumerate(block.data_seeds):
                of_seed = layers.values[:, layers.data_seeds == seed]
                np.testing.assert_allclose(of_seed.mean(1), block.values[:, d])


def test_a_status_that_does_not_exist_is_refused(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    file = min(copy.glob("scores/*/*/*.parquet"))
    pd.read_parquet(file, partitioning=None).assign(status="fine").to_parquet(file, index=False)
    with pytest.raises(BadTables, match="status 'fine' is not one of"):
        Blocks.read(Results.load(copy))


def test_ten_models_give_ranks_and_skills_an_interval(board):
    found = board.set_index("method")
    assert found["skill"]["oracle_counterfactual"] == 1
    assert found["skill"]["random"] == pytest.approx(0, abs=1e-3)
    ranked = found[found["rank"] != ""]
    assert (ranked["rank_low"] <= ranked["rank_high"].astype(float)).all()
    assert ranked["rank_high"].astype(float).max() == len(ranked)
    assert found["rank_low"][found["role"] != "method"].isna().all()
    inside = found[found["skill"].notna()]
    assert (inside["skill_low"].astype(float) <= inside["skill"]).all()
    assert (inside["skill"] <= inside["skill_high"].astype(float)).all()


def test_comparisons_are_declared_and_judged(folder):
    found = pd.read_csv(folder / "comparisons.csv", keep_default_na=False)
    assert not ((found["simulator"] == "focal") & (found["network"] == "linear")).any()
    found = found[
        (found["network"] == "gap_cnn") & (found["simulator"] == synthetic.GROUP) & (found["ranking"] == "anatomy")
    ]
    verdict = found.set_index(["method", "against"])["verdict"]
    methods = {name for name, (role, *_) in synthetic.METHODS.items() if role == "method"}
    assert set(verdict.index) == {(m, a) for m in methods for a in ("every control", "gradient")} - {("gradient",) * 2}
    assert verdict["occlusion", "gradient"] == verdict["occlusion", "every control"] == "better"
    assert verdict[synthetic.MARKUP, "every control"] == "not shown"
    assert verdict["broken", "gradient"] == "failed"
    assert set(found[found["against"] == "every control"]["reference"]) <= {"sobel", "random", "input_magnitude", ""}


def test_few_data_seeds_claim_nothing(tmp_path):
    few = synthetic.study(tmp_path / "few", data_seeds=3, model_seeds=1, subjects=4)
    written(few)
    found = pd.read_csv(few / "comparisons.csv", keep_default_na=False)
    assert set(found["verdict"]) <= {"preview: fewer than 5 data seeds", "failed"}
    assert "better" not in set(found["verdict"])
    board = pd.read_csv(few / "leaderboard.csv")
    assert board["rank_low"].isna().all() and board["skill_low"].isna().all() and board["skill"].notna().any()


def test_only_a_large_study_starts_processes_and_gets_the_same_from_them(folder, monkeypatch):
    results, started = Results.load(folder), []

    def pool(count, context):
        started.append(context.get_start_method())
        return ThreadPoolExecutor(count)

    monkeypatch.setattr(partitions, "ProcessPoolExecutor", pool)
    named = lambda study, simulator, network, scores: (simulator, network, len(scores))  # noqa: E731
    alone = partitions.each(results, named)
    assert alone == [(*where, len(results.partition(*where))) for where in results.parts] and not started
    monkeypatch.setattr(partitions, "LARGE", partitions.rows(results))
    assert partitions.each(results, named) == alone and started == ["spawn"]
