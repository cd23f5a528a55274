"""The matrix of methods and mechanisms: means over wrappings, marks where they differ, none without such networks."""

import pandas as pd
import pytest
import synthetic

from bench import report
from bench.columns.written import MECHANISMS
from bench.report import readme
from bench.report.figures import drawing
from bench.report.figures.mechanisms import by, draw, wrong_by_mechanism

SHARES = {
    ("plain", "gradient", "own"): 0.0,
    ("strided", "gradient", "own"): 0.5,
    ("plain", "gradient", "subject"): 0.25,
    ("plain", "random", "subject"): 1.0,
    ("plain", "occlusion", "own"): float("nan"),
}


@pytest.fixture
def folder(tmp_path):
    """A synthetic study with one mechanism more than it had."""
    study = synthetic.study(tmp_path / "synthetic")
    who = {"simulator": "focal", "network": "known", "data_seed": 0, "model_seed": 0, "mechanism": "xor"}
    rows = [
        {**who, "wrapping": w, "method": m, "question": q, "subjects": 4, "wrong": value, "right": 0.0}
        for (w, m, q), value in SHARES.items()
    ]
    pd.DataFrame(rows)[MECHANISMS.names].to_csv(study / "mechanisms.csv", index=False)
    return study


def test_a_cell_is_the_mean_over_wrappings_and_says_where_they_differ(folder):
    mean, spread = wrong_by_mechanism(by(pd.read_csv(folder / "mechanisms.csv"), "own"))
    assert mean.to_dict() == {"xor": {"gradient": 0.25}} and spread.to_dict() == {"xor": {"gradient": 0.5}}


def test_the_readme_shows_both_questions(folder):
    table = readme.mechanisms(folder)
    assert "| `gradient` | 0.25 / 0.25 |" in table
    assert "| `random` | – / 1.00 |" in table and "| `occlusion` | – / – |" in table


def test_the_page_shows_it_where_there_is_any(folder, study_folder, monkeypatch):
    monkeypatch.setattr(drawing, "PLATES", {"mechanisms": drawing.Plate(draw, "")})
    assert 'id="mechanisms"' in report.render(folder).read_text()
    assert (folder / "figures" / "mechanisms_2.png").exists()
    assert 'id="mechanisms"' not in (study_folder / "index.html").read_text()
    assert not list((study_folder / "figures").glob("mechanisms*"))
