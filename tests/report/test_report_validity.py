"""A gap is a violation unless the validity matrix names it; the page shows the matrix and the simulators' audits."""

import pandas as pd
import pytest
import synthetic

from bench import report
from bench.report import optional, page, validity
from bench.report.drawn import Drawn


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


def test_a_study_without_a_matrix_is_not_judged_by_it(folder):
    (folder / "validity.csv").unlink()
    rewrite(folder, lambda t: t[(t["truth"] != "counterfactual") | (t["method"] != "sobel")], "focal")
    assert not [v for v in report.violations(folder) if "no rows" in v]


def test_the_matrix_has_a_row_a_simulator_and_truth(folder):
    table = optional.read(folder, "validity")
    rows = validity.matrix(table)
    assert [table["truth"][next(iter(row.cells.values()))] for row in rows] == ["counterfactual", "edit", "use"] * 2
    assert [[table["reason"][r] for r in row.reasons] for row in rows[:2]] == [[], ["one cause decides the label"]]


def test_the_page_shows_the_matrix_and_the_audits_of_simulators(study_folder):
    text = (study_folder / "index.html").read_text(encoding="utf-8")
    assert "What can be scored" in text and "one cause decides the label" in text
    assert "Audits of the simulators" in text and ">0.51<" in text


def test_a_page_without_either_is_whole(folder):
    for name in optional.COLUMNS:
        (folder / f"{name}.csv").unlink()
    text = page.write(Drawn.of(folder), [], {}).read_text(encoding="utf-8")
    assert "What can be scored" not in text and "None was run" in text
