"""A gap is a violation unless the validity matrix names it; the page shows the matrix and the simulators' audits."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import synthetic

from bench import report
from bench.report.load.results import Results
from bench.report.page import page
from bench.report.rankings import validity
from bench.report.rankings.ranked_results import RankedResults


@pytest.fixture
def folder(tmp_path):
    return synthetic.study(tmp_path / "study", data_seeds=2, model_seeds=1, subjects=4)


def rewrite(folder, edit, simulator="*"):
    """Edit the score files of a simulator."""
    for file in folder.glob(f"scores/simulator={simulator}/network=*/*.parquet"):
        edit(pd.read_parquet(file, partitioning=None)).to_parquet(file, index=False)


def declare(folder, **changes):
    """Change the matrix where focal is scored on the counterfactual."""
    table = pd.read_csv(folder / "validity.csv", keep_default_na=False)
    here = (table["simulator"] == "focal") & (table["truth"] == "counterfactual")
    for name, value in changes.items():
        table.loc[here, name] = value
    table.to_csv(folder / "validity.csv", index=False)


def undefined(scores):
    """The same scores without any value on `use`."""
    here = (scores["truth"] == "use") & (scores["status"] == "ok")
    gone = {"value": scores["value"].mask(here), "status": scores["status"].mask(here, "undefined")}
    return scores.assign(**gone, reason=scores["reason"].mask(here, "nothing"))


def test_a_sound_study_has_no_gap(folder):
    assert report.violations(folder) == []


def test_a_defined_cell_without_rows_is_told(folder):
    rewrite(folder, lambda t: t[(t["truth"] != "counterfactual") | (t["method"] != "sobel")], "focal")
    told = [v for v in report.violations(folder) if "no rows" in v]
    assert len(told) == 1 and told[0].startswith("focal: calibrated_ap on counterfactual has no rows for sobel on")


def test_a_defined_cell_undefined_in_every_row_is_told_where_a_model_passed(folder):
    rewrite(folder, undefined, "mtl_atrophy")
    expected = "mtl_atrophy: region_ap on use should have a value and is undefined in every row"
    assert expected in report.violations(folder)
    models = pd.read_csv(folder / "models.csv").assign(passed=False)
    models.to_csv(folder / "models.csv", index=False)
    assert expected not in report.violations(folder)


def test_an_undefined_cell_with_values_is_told(folder):
    declare(folder, defined=False, reason="the disease is everywhere")
    assert "focal: calibrated_ap on counterfactual has values, although the disease is everywhere" in report.violations(
        folder
    )


def test_the_matrix_has_a_row_per_simulator_and_truth(folder):
    table = Results.load(folder).validity
    rows = validity.matrix(table)
    assert [table["truth"][next(iter(row.cells.values()))] for row in rows] == ["counterfactual", "edit", "use"] * 2
    assert [[table["reason"][r] for r in row.reasons] for row in rows[:2]] == [[], ["one cause decides the label"]]


def test_the_page_shows_the_matrix_and_the_audits_of_simulators(study_folder):
    text = (study_folder / "index.html").read_text(encoding="utf-8")
    assert "What can be scored" in text and "one cause decides the label" in text
    assert "Audits of the simulators" in text and ">0.51<" in text


def test_a_page_without_either_is_whole(folder):
    for name in ("validity", "simulator_audits"):
        pd.read_csv(folder / f"{name}.csv").iloc[:0].to_csv(folder / f"{name}.csv", index=False)
    text = page.write(RankedResults.of(folder), [], {}).read_text(encoding="utf-8")
    assert "What can be scored" not in text and "None was run" in text


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return synthetic.study(tmp_path_factory.mktemp("gaps") / "study", 2, 1, 4, networks=list(synthetic.NETWORKS))


@pytest.fixture
def told(small, tmp_path):
    """told(edit) -> gaps of a study whose metrics without a truth stand in the matrix, after its scores were edited."""

    def run(edit, **models):
        folder = Path(shutil.copytree(small, tmp_path / "copy"))
        table = pd.read_csv(folder / "validity.csv", keep_default_na=False)
        free = [
            {"simulator": s, "truth": "", "metric": m, "defined": True, "reason": ""}
            for s in synthetic.SIMULATORS
            for m in ("infidelity", "max_sensitivity", "cascading_randomisation")
        ]
        pd.concat([table, pd.DataFrame(free)]).to_csv(folder / "validity.csv", index=False)
        passed = pd.read_csv(folder / "models.csv")
        passed.assign(**models).to_csv(folder / "models.csv", index=False)
        rewrite(folder, edit, "mtl_atrophy")
        return [v for v in report.violations(folder) if "should have a value" in v]

    return run


def lost(where, reason="the metric has no value for this subject"):
    """An edit after which the rows with a value that are `where(scores)` are undefined."""

    def edit(scores):
        here = where(scores) & (scores["status"] == "ok")
        gone = {"value": scores["value"].mask(here), "status": scores["status"].mask(here, "undefined")}
        return scores.assign(**gone, reason=scores["reason"].mask(here, reason))

    return edit


def test_a_sound_study_has_no_gap_without_a_truth_either(told):
    """Methods that failed or have no rule say so by their status, and are told elsewhere."""
    assert told(lambda scores: scores) == []


def test_a_metric_without_a_truth_that_has_no_value_is_told(told):
    assert told(lost(lambda t: t["metric"] == "infidelity")) == [
        "mtl_atrophy: infidelity should have a value and is undefined in every row"
    ]


def test_a_method_without_any_value_is_told_whatever_the_reason(told):
    """Twice two models of four subjects, of which one has no truth on `use`."""
    found = told(lost(lambda t: (t["method"] == "gradient") & (t["metric"] == "region_ap"), "a reason"))
    assert found == [
        "mtl_atrophy: region_ap on use should have a value and is undefined in 8 rows of gradient on gap_cnn (2 such)"
    ]


@pytest.mark.parametrize(("subjects", "told_of"), [(2, 0), (3, 1)])
def test_most_rows_of_a_method_undefined_are_told_and_half_of_them_not(told, subjects, told_of):
    def where(t):
        return (t["method"] == "lrp_epsilon") & (t["truth"] == "counterfactual") & (t["subject"] < subjects)

    expected = (
        "mtl_atrophy: calibrated_ap on counterfactual should have a value and is undefined in 6 rows of lrp_epsilon"
    )
    assert [v.startswith(expected) for v in told(lost(where))] == [True] * told_of


def test_rows_undefined_for_every_method_are_no_gap(told):
    """Truths may be empty, of three subjects in four."""
    assert told(lost(lambda t: (t["truth"] == "counterfactual") & (t["subject"] < 3))) == []


def test_a_control_may_have_nothing_to_compare_and_a_method_may_not(told):
    """The similarity of constant maps does not exist; on a truth a constant map has a score."""

    def of(method, metric):
        return lost(lambda t: (t["method"] == method) & (t["metric"] == metric))

    assert told(of("sobel", "cascading_randomisation")) == []


@pytest.mark.parametrize(("method", "metric"), [("smoothgrad", "cascading_randomisation"), ("sobel", "calibrated_ap")])
def test_neither_a_method_nor_a_control_on_a_truth_may_lack_values(told, method, metric):
    found = told(lost(lambda t: (t["method"] == method) & (t["metric"] == metric)))
    assert len(found) == 1 and f"rows of {method} on gap_cnn (2 such)" in found[0]


def test_where_no_model_passed_nothing_is_asked(told):
    assert told(lost(lambda t: t["metric"] == "infidelity"), passed=False) == []
