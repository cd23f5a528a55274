"""Rankings of groups: family and place of simulators, what groups have in common, and no rank over them."""

import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import synthetic
from scipy import stats

from bench.report.load.results import Results
from bench.report.page import answers, page
from bench.report.rankings.groups import FEWEST, Groups
from bench.report.rankings.ranked_results import RankedResults
from bench.report.statistics.concordance import kendall_w, mean_spearman, rank_orders
from bench.report.statistics.intervals import balanced

APART = {"mtl_atrophy": "fixed atrophy", "focal": "moving lesions"}
METHODS = ["a", "b", "c", "d", "e"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = synthetic.study(tmp_path_factory.mktemp("groups") / "study", data_seeds=5, model_seeds=1, subjects=26)
    return synthetic.regrouped(folder, APART)


@pytest.fixture(scope="module")
def source(study):
    return RankedResults.of(study)


def test_concordance_is_friedman_s_statistic_over_its_largest_and_the_mean_correlation():
    scores = np.random.default_rng(0).normal(size=(6, 4)).round(1)
    agreed = kendall_w(rank_orders(scores))
    assert agreed == pytest.approx(stats.friedmanchisquare(*scores).statistic / (4 * 5))
    pairs = [stats.spearmanr(scores[:, i], scores[:, j]).statistic for i in range(4) for j in range(i)]
    assert len(np.unique(scores)) < 24 and mean_spearman(agreed, 4) == pytest.approx(np.mean(pairs), abs=0.02)


def test_scores_that_differ_by_rounding_share_a_place():
    assert rank_orders(np.array([[1.0], [2.0], [2.0 + 1e-13], [0.5]]))[:, 0].tolist() == [3, 1.5, 1.5, 4]
    assert np.isnan(kendall_w(np.ones((4, 3)))) and np.isnan(kendall_w(np.ones((4, 1))))


def test_moving_places_stand_first_and_each_group_has_its_simulators(source):
    assert source.results.groups == {"moving lesions": ["focal"], "fixed atrophy": ["mtl_atrophy"]}
    board = source.tables["leaderboard"]
    assert set(board["simulator"]) == {*APART, *APART.values()}
    for simulator, group in APART.items():
        one, other = (board[board["simulator"] == name].drop(columns="simulator") for name in (simulator, group))
        pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))


def test_claims_of_a_group_of_one_simulator_are_those_of_the_simulator_whatever_stands_beside(source):
    table = source.tables["comparisons"]
    table = table[(table["network"] == "gap_cnn") & (table["against"] == "gradient")].dropna(subset="p_adjusted")
    found = table.set_index(["ranking", "simulator", "method"])["p_adjusted"].sort_index()
    for simulator, group in APART.items():
        for ranking in ("anatomy", "faithfulness"):
            alone, among = found[ranking, simulator], found[ranking, group].reindex(found[ranking, simulator].index)
            assert len(alone) > 3 and (among - alone).abs().max() < 1e-9


def test_means_over_all_simulators_are_numbers_of_measures_that_rank_nothing(source):
    cells = source.tables["cells"]
    every = cells[cells["simulator"] == "all"]
    assert len(every) and not set(every["metric"]) & {"calibrated_ap", "region_ap"}
    assert "all" not in set(source.tables["leaderboard"]["simulator"])


def test_page_and_sentence_go_group_by_group(source):
    html = page.write(source, [], {}).read_text(encoding="utf-8")
    row = source.ranking("agreement", "anatomy", "gap_cnn").index[0]
    assert f'data-at="agreement {row} concordance"' in html and "worst group" in html
    said = answers.sentence(source)
    assert all(f", {group} on gap_cnn: " in said for group in APART.values())


def test_names_of_simulators_change_no_rank(study, source, tmp_path):
    copy = shutil.copytree(study, tmp_path / "study")
    swap = {"focal": "aaa", "mtl_atrophy": "zzz"}
    for table in ("models", "failures", "validity", "simulator_audits"):
        rows = pd.read_csv(copy / f"{table}.csv", keep_default_na=False)
        rows.replace({"simulator": swap}).to_csv(copy / f"{table}.csv", index=False)
    for old, new in swap.items():
        (copy / "scores" / f"simulator={old}").rename(copy / "scores" / f"simulator={new}")
    synthetic.regrouped(copy, {swap[name]: group for name, group in APART.items()})
    keys = ["ranking", "network", "simulator", "method"]
    before, after = (
        table[table["simulator"].isin(APART.values())].set_index(keys).sort_index()
        for table in (source.tables["leaderboard"], synthetic.leaderboard(Results.load(copy)))
    )
    pd.testing.assert_frame_equal(before, after)


def test_the_same_function_under_two_names_ties_everywhere(study, tmp_path):
    copy = shutil.copytree(study, tmp_path / "study")
    methods = pd.read_csv(copy / "methods.csv", keep_default_na=False)
    twin = methods[methods["method"] == "occlusion"].assign(method="twin")
    pd.concat([methods, twin]).to_csv(copy / "methods.csv", index=False)
    for part in copy.glob("scores/*/*"):
        name = f"{list(synthetic.METHODS).index('occlusion'):02d}.parquet"
        rows = pd.read_parquet(part / name, partitioning=None)
        rows.assign(method="twin").to_parquet(part / "twin.parquet", index=False)
    board = synthetic.leaderboard(Results.load(copy))
    one, other = (board[board["method"] == name].reset_index(drop=True) for name in ("occlusion", "twin"))
    columns = ["ranking", "network", "simulator", "rank", "mean", "low", "high", "rank_low", "rank_high"]
    pd.testing.assert_frame_equal(one[columns], other[columns])
    assert one["tied"][one["rank"] != ""].all()


def contest(scope: str, means: list[float], rng: np.random.Generator) -> SimpleNamespace:
    score = balanced(np.array(means)[:, None, None] + 0.01 * rng.normal(size=(len(means), 5, 30)))
    numbers = list(range(len(means)))
    return SimpleNamespace(scope=scope, methods=METHODS, sign=1, score=score, statuses=list, entitled=lambda _: numbers)


def test_a_mean_is_shown_only_where_enough_groups_agree():
    rng = np.random.default_rng(0)
    orders = [[5.0, 4.0, 3.0, 2.0, 1.0], [5.0, 4.0, 3.0, 1.0, 2.0], [4.0, 5.0, 3.0, 2.0, 1.0]]
    agreeing = [contest(f"group {k}", means, rng) for k, means in enumerate(orders)]
    shown = Groups.of(agreeing)
    assert shown.agreement()["mean_shown"] and shown.agreement()["n_groups"] == FEWEST
    table = shown.table().set_index("method")
    assert table.loc["c", "mean"] == pytest.approx(3, abs=0.01) and table.loc["c", "low"] < 3 < table.loc["c", "high"]
    assert table.loc["b", ["worst_group", "worst_place", "worst_of"]].tolist() == ["group 0", 2.0, 5]
    assert table.loc["d", "worst_group"] == "group 1"
    for fewer in (agreeing[:2], [*agreeing[:2], contest("other", [1.0, 2.0, 3.0, 4.0, 5.0], rng)]):
        assert not Groups.of(fewer).agreement()["mean_shown"] and Groups.of(fewer).table()["mean"].isna().all()


def test_groups_that_rank_nothing_are_left_out(study, tmp_path):
    copy = shutil.copytree(study, tmp_path / "study")
    models = pd.read_csv(copy / "models.csv", keep_default_na=False)
    models.assign(passed=models["passed"] & (models["simulator"] != "focal")).to_csv(copy / "models.csv", index=False)
    source = RankedResults.of(copy)
    assert set(source.tables["agreement"]["n_groups"]) == {1}
    assert set(source.tables["across_groups"]["worst_group"]) == {"fixed atrophy"}
    assert 'data-at="agreement' not in page.write(source, [], {}).read_text(encoding="utf-8")
