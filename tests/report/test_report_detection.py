"""Shortcut detection and distances between methods, on maps whose answer is known."""

import re

import numpy as np
import pandas as pd
import pytest
import synthetic
from scipy import stats

from bench.plan import plan
from bench.report.metrics.detection import _summary, blind_auc, detection, enough, underpowered
from bench.report.metrics.profiles import distances, profiles
from bench.report.page import page
from bench.report.rankings.ranked_results import RankedResults
from bench.verbs.planning import say_underpowered

REGIONS = 6
SEEDS = np.repeat(np.arange(5), 2)


def shares(source, cue=0.0):
    """Mean shares of ten models by region; a share `cue` of every map lies on the last region."""
    raw = source.gamma(20, size=(10, REGIONS))
    raw /= raw.sum(axis=1, keepdims=True)
    raw *= 1 - cue
    raw[:, -1] += cue
    return raw


def test_maps_on_the_cue_give_the_model_away_and_equal_maps_do_not():
    source = np.random.default_rng(0)
    assert blind_auc(shares(source), shares(source, 0.4), SEEDS, SEEDS) == pytest.approx(np.ones(5))
    by_chance = [blind_auc(shares(source), shares(source), SEEDS, SEEDS).mean() for _ in range(300)]
    assert np.mean(by_chance) == pytest.approx(0.5, abs=0.02)


def test_identical_maps_are_chance_exactly():
    same = np.tile(np.arange(1.0, 4.0), (10, 1))
    assert blind_auc(same, same, SEEDS, SEEDS) == pytest.approx(np.full(5, 0.5))


def test_the_rule_never_sees_the_seed_it_judges():
    """A cue that moves from seed to seed to a region of its own is not found, though each seed tells it apart."""
    source = np.random.default_rng(1)
    clean, cued = shares(source), shares(source)
    for row, seed in enumerate(SEEDS):
        cued[row, seed] += 1.0
    assert blind_auc(clean, cued, SEEDS, SEEDS).mean() < 0.7
    known = blind_auc(clean, cued, np.repeat([0, 1], 5), np.tile([0, 1], 5))
    assert known.mean() > 0.9


def test_too_few_models_to_learn_from_have_no_value():
    source = np.random.default_rng(2)
    few = shares(source)[:2]
    assert np.isnan(blind_auc(few, few, np.array([0, 1]), np.array([0, 1]))).all()
    assert blind_auc(few, few, np.array([0, 1]), np.array([2, 3])).size == 0


def scores(source, simulator, cue):
    """Rows as the harness writes them, of a method that follows the cue and one that never does."""
    rows = []
    for method, own in (("follows", cue), ("blind", 0.0)):
        for share, seed, model in zip(shares(source, own), SEEDS, [0, 1] * 5, strict=True):
            for side in ("patients", "controls"):
                for region, value in enumerate(share):
                    rows.append([simulator, "net", seed, model, method, f"mean_maps.{side}_r{region}", value, "ok"])
    names = ["simulator", "network", "data_seed", "model_seed", "method", "metric", "value", "status"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize(("right", "of"), [(0, 5), (3, 5), (5, 5), (19, 20)])
def test_the_interval_is_that_of_a_share_of_data_seeds(right, of):
    mean, low, high, count = _summary(np.array([1.0] * right + [0.0] * (of - right) + [np.nan]))
    wanted = stats.binomtest(right, of).proportion_ci(method="exact")
    assert [mean, count] == [right / of, of] and [low, high] == pytest.approx([wanted.low, wanted.high])


def power(seeds):
    """How often a reader who is right in 8 of 10 is told from chance, told by the interval of each outcome."""
    right = [k for k in range(seeds + 1) if _summary(np.array([1.0] * k + [0.0] * (seeds - k)))[1] > 0.5]
    return sum(stats.binom.pmf(k, seeds, 0.8) for k in right)


def test_as_many_data_seeds_are_asked_as_tell_a_reader_from_chance():
    assert enough() == 20 and power(20) >= 0.8 and max(power(seeds) for seeds in range(1, 20)) < 0.8
    assert underpowered(20) == "" and "give 20 or more in seed.data" in underpowered(19)


@pytest.mark.parametrize(("line", "said"), [("study=shortcuts", True), ("study=quick", False)])
def test_a_plan_says_that_models_are_too_few_to_be_told_apart(tmp_path, capsys, line, said):
    study, _ = plan.study([line, "network=linear", f"paths.results={tmp_path}"])
    say_underpowered(study)
    assert ("underpowered: with 5 data seeds a side" in capsys.readouterr().err) == said


def test_without_any_seed_there_is_no_interval():
    assert np.isnan(_summary(np.array([np.nan]))[:3]).all()


def test_the_table_names_the_method_that_gives_the_cue_away():
    source = np.random.default_rng(3)
    parts = [profiles(scores(source, s, cue)) for s, cue in (("clean", 0.0), ("marked", 0.3))]
    table = detection(pd.concat(parts, ignore_index=True), {"marked": "clean"}).set_index("method")
    assert table.loc["follows", "auc"] == 1 and table.loc["follows", "n_data_seeds"] == 5
    assert 0.2 < table.loc["blind", "auc"] < 0.8
    assert table["n_models"].tolist() == [20, 20] and table["underpowered"].all()
    assert detection(pd.concat(parts), {"marked": "absent"}).empty


def test_distances_are_those_of_the_shares_under_one_model():
    found = profiles(scores(np.random.default_rng(4), "clean", 0.5))
    table = distances(found).set_index("side")
    wide = found.set_index("method").sort_values(["data_seed", "model_seed"])
    columns = [f"patients_r{r}" for r in range(REGIONS)]
    apart = wide.loc["follows", columns].to_numpy() - wide.loc["blind", columns].to_numpy()
    assert table.loc["patients", "distance"] == pytest.approx(np.linalg.norm(apart.astype(float), axis=1).mean())
    assert table.loc["patients", "n_units"] == 10
    assert table[["method", "other"]].drop_duplicates().to_numpy().tolist() == [["blind", "follows"]]


def test_without_mean_maps_there_is_nothing():
    empty = scores(np.random.default_rng(5), "clean", 0.0).assign(metric="gini")
    assert profiles(empty).empty and distances(profiles(empty)).empty
    assert detection(profiles(empty), {"a": "b"}).empty


@pytest.fixture(scope="module")
def told_apart(tmp_path_factory):
    """A study of five data seeds in which models of one simulator look at a cue, with its page."""
    folder = synthetic.study(tmp_path_factory.mktemp("detection") / "study", data_seeds=5, model_seeds=1, subjects=4)
    page.write(RankedResults.of(synthetic.shortcut(folder, cued="mtl_atrophy", clean="focal")), [], {})
    return folder


def test_a_study_with_shortcuts_has_a_row_a_network_and_method(told_apart):
    table = pd.read_csv(told_apart / "detection.csv").set_index("method")
    assert (table["cued"] == "mtl_atrophy").all() and (table["clean"] == "focal").all()
    methods = [name for name, (role, *_) in synthetic.METHODS.items() if role == "method" and name != "broken"]
    assert (table.loc[methods, "auc"] == 1).all() and "broken" not in table.index
    assert (table.loc[["random", "sobel"], "auc"] == 0.5).all()
    assert (table["n_data_seeds"] == 5).all()


def test_models_below_the_gate_are_not_told_apart(told_apart):
    """What tells an untrained model from a trained one is no shortcut."""
    assert set(pd.read_csv(told_apart / "detection.csv")["network"]) == {"gap_cnn"}


def test_the_page_shows_every_row(told_apart):
    html = (told_apart / "index.html").read_text(encoding="utf-8")
    assert "Do maps give away a shortcut?" in html
    assert ">underpowered<" in html
    for row in range(len(pd.read_csv(told_apart / "detection.csv"))):
        assert re.search(rf'data-at="detection {row} auc">\d', html)
