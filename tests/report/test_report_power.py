"""Power of comparisons at plan: simulated studies show a lead of the size that is said in 8 of 10."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.plan import plan
from bench.report.load.results import Ranking
from bench.report.rankings.comparisons import SUBJECTS_A_DEGREE
from bench.report.rankings.power import sentences
from bench.report.statistics.intervals import balanced
from bench.report.statistics.power import LEVEL, POWER, least_lead
from bench.verbs.planning import say_power, units_and_plugins

README = Path(__file__).parents[2] / "README.md"
VARIANCES = {
    "seeds": {"method x data seed": 0.04, "residual": 0.2},
    "subjects": {"method x subject": 0.3, "residual": 0.1},
    "alike": {"method x data seed": 0.02, "method x model seed": 0.04, "method x subject": 0.2, "residual": 0.3},
}


@pytest.mark.parametrize("variance", VARIANCES.values(), ids=VARIANCES)
def test_the_least_lead_is_shown_in_about_8_of_10_studies(variance):
    rng, (repeats, seeds, models, subjects) = np.random.default_rng(0), (3000, 5, 2, 24)
    shapes = {
        "method x data seed": (seeds, 1, 1), "method x model seed": (seeds, models, 1),
        "method x subject": (1, 1, subjects), "residual": (seeds, models, subjects),
    }  # fmt: skip
    lead = least_lead(variance, seeds, models, subjects)
    parts = (np.sqrt(2 * size) * rng.normal(size=(repeats, *shapes[name])) for name, size in variance.items())
    table = lead + sum(parts, np.zeros((repeats, seeds, models, subjects))).mean(2)
    shown = np.mean(balanced(table).p_above() < LEVEL)
    assert shown == pytest.approx(POWER, abs=0.07)


def test_more_of_what_varies_shows_smaller_leads():
    variance = VARIANCES["subjects"]
    assert least_lead(variance, 5, 2, 96) == pytest.approx(least_lead(variance, 5, 2, 24) / 2, rel=0.05)
    assert least_lead(variance, 20, 2, 24) > 0.9 * least_lead(variance, 5, 2, 24)
    assert np.isnan(least_lead(variance, 1, 2, 24)) and np.isnan(least_lead(variance, 5, 2, 1))


def test_a_lead_that_is_claimed_among_others_is_larger_as_claims_are_judged():
    variance = VARIANCES["subjects"]
    alone, among = (least_lead(variance, 5, 2, 64, count, 64 / SUBJECTS_A_DEGREE) for count in (1, 100))
    error = (2 * (0.1 / 640 + 0.3 / 64)) ** 0.5
    assert among - alone == pytest.approx((stats.t.isf(0.0005, 8) - stats.t.isf(0.05, 8)) * error, rel=1e-6)
    assert least_lead(variance, 5, 2, 64) < alone


def test_one_lead_beside_a_known_variance_is_that_of_the_t_test():
    found = least_lead({"method x subject": 0.5}, 10**6, 1, 10)
    assert found == pytest.approx((stats.t.isf(0.05, 9) + stats.t.isf(0.2, 9)) / 10**0.5, rel=1e-3)


@pytest.fixture
def components(tmp_path):
    """A study whose residual alone varies."""
    rows = [("focal", "gap_cnn", "roc_auc", "use", "abs", "residual", 0.5)]
    names = ["simulator", "network", "metric", "truth", "view", "component", "variance"]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "components.csv", index=False)
    gates = pd.DataFrame({"simulator": ["focal"], "network": ["gap_cnn"], "n_passed": [3]})
    gates.to_csv(tmp_path / "gates.csv", index=False)
    return tmp_path


def test_a_ranking_without_components_says_nothing(components):
    headlines = [Ranking(name, name, "use", "abs", ()) for name in ("roc_auc", "average_precision")]
    (said,) = sentences(components, headlines, 5, 2, {"roc_auc": 24, "average_precision": 24}, 30)
    assert "and claimed among 30 comparisons if it is" in said
    assert said.startswith("roc_auc: a lead of") and said.endswith("gap_cnn on focal")
    gates = pd.read_csv(components / "gates.csv")
    gates.assign(n_passed=0).to_csv(components / "gates.csv", index=False)
    assert not list(sentences(components, headlines, 5, 2, {"roc_auc": 24, "average_precision": 24}, 30))


def test_what_can_only_be_a_preview_is_told_all_that_it_lacks_and_no_lead_that_it_would_claim(components):
    rankings, seeds, subjects = [Ranking("roc_auc", "roc_auc", "use", "abs", ())], "data seeds", "subjects in a group"
    for size, simulators, lacks in [
        ((4, 2, {"roc_auc": 24}), 1, f"4 {seeds}, of 5 at least"),
        ((5, 2, {"roc_auc": 12}), 1, f"12 {subjects}, of 24 at least"),
        ((3, 2, {"roc_auc": 8}), 2, f"3 {seeds}, of 5 at least and 16 {subjects}, of 24 at least"),
        ((5, 2, {"roc_auc": 12}), 2, ""),
    ]:
        (sentence,) = sentences(components, rankings, *size, 30, simulators)
        assert (f"none is ranked or claimed (a preview: {lacks}), by" in sentence) == bool(lacks)
        assert ("claimed among 30 comparisons if it is" in sentence) != bool(lacks)


@pytest.mark.parametrize(("methods", "claims"), [("gradient", []), ("gradient,smoothgrad", ["1", "1"])])
def test_a_plan_says_the_power_of_the_comparisons_that_it_declares(tmp_path, capsys, methods, claims):
    """One method is compared with no other: nothing is said of leads. The README's size of a ranking is no preview."""
    line = next(line for line in README.read_text().splitlines() if "make a ranking" in line)
    enough = [word.strip("'") for word in line.partition("#")[0].split() if word.startswith(("'seed", "explain"))]
    study, _ = plan.study(["study=quick", *enough, f"method=[{methods}]", f"paths.results={tmp_path}"])
    assert units_and_plugins(study, 1).startswith(f"1 unit, {['1 method', '2 methods'][bool(claims)]}, ")
    say_power(study)
    assert re.findall(r"claimed among (\d+) comparisons", capsys.readouterr().out) == claims
