"""Explained subjects: controls and patients in turn, and more patients than controls where a study asks for few."""

import pandas as pd
import pytest
from fakes import CONF

from bench.cli import main
from bench.contracts import BadInput
from bench.report.load.results import Ranking
from bench.stages.cohort import explained_subjects
from bench.verbs.planning import subjects_of

FEW = ("explain.subjects=10", "explain.controls=2")
NUMBERS = (0, 1, 2, 3, 5, 7, 9, 11, 13, 15)


def test_half_are_controls_where_nothing_is_asked_and_no_key_says_what_is_usual(planned):
    study, asked = planned("explain.subjects=10"), planned("explain.subjects=10", "explain.controls=5")
    assert study.explained == asked.explained == tuple(range(10))
    assert study.explain == asked.explain and "controls" not in study.explain
    assert planned(*FEW).explain["controls"] == 2


def test_counts_that_no_study_may_ask_for_are_refused_where_the_cohort_is_made():
    for numbers, pairs in [(range(3), 60), (range(2), 60), (range(10), 19)]:
        with pytest.raises(BadInput, match="explain"):
            explained_subjects(None, numbers, pairs)


def test_the_first_alternate_and_the_others_are_patients(planned):
    assert planned(*FEW).explained == NUMBERS
    assert planned("explain.subjects=80", "explain.controls=16").explained[32:] == tuple(range(33, 129, 2))


def test_rows_are_of_the_explained_subjects_also_where_a_metric_has_no_value(tmp_path):
    lines = ["study=fake", "trusted=[fakes]", "name=few", "seed.data=0", "seed.model=0", *FEW, "use.subjects=4"]
    lines += ["method=[random,refuses]", "metric=[calibrated_ap]", f"paths.results={tmp_path}"]
    main(["run", *lines, "--config-dir", str(CONF)])
    rows = pd.read_parquet(tmp_path / "few" / "scores")
    for method in ("random", "refuses"):
        mine = rows[rows["method"] == method]
        assert sorted(set(mine["subject"])) == list(NUMBERS), method
        patients = mine[mine["stratum"].isin(["TP", "FN"])]
        assert set(patients["subject"]) == {n for n in NUMBERS if n % 2}, method


def test_a_ranking_counts_the_subjects_of_its_sides(planned):
    study = planned(*FEW, "metric.max_sensitivity.subjects=6")
    (dear,) = (label for label in study.metrics if label.startswith("max_sensitivity"))
    for metric, strata, count in [
        ("calibrated_ap", ["TP", "FN"], 8), ("calibrated_ap", ["TN", "FP"], 2), ("calibrated_ap", [], 10),
        (dear, ["TP", "FN"], 4), (dear, ["TP", "TN"], 6),
    ]:  # fmt: skip
        ranking = Ranking.of("one", {"metric": metric, "truth": "", "view": "", "strata": strata})
        assert subjects_of(study, ranking) == count, (metric, strata)
