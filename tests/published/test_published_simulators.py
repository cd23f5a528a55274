"""What the README lists as shipped has its evidence beside it."""

from pathlib import Path

import pandas as pd
import pytest

from bench import report
from bench.report import readme

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "published" / "simulators"
LISTED = [line.split("`")[1] for line in readme.simulators(FOLDER).splitlines()[2:]]


def test_the_readme_shows_the_published_table():
    text = (ROOT / "simulators" / "README.md").read_text()
    assert readme.simulators(FOLDER) in text and readme.told_globally(FOLDER) in text
    assert len(LISTED) >= 10


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_simulator_has_a_portrait_audits_and_a_model_past_its_gate(name):
    assert (ROOT / "results" / "published" / "portraits" / f"{name}.png").stat().st_size > 10_000
    audits = pd.read_csv(FOLDER / "simulator_audits.csv").query("simulator == @name").set_index("audit")
    assert audits.loc["twins", "verdict"] == "passed"
    assert audits.loc["trivial observer", "verdict"] != "failed"
    models = pd.read_csv(FOLDER / "models.csv").query("simulator == @name")
    assert models["passed"].any()
    reached, low, high = models.iloc[0][[f"separability_{part}" for part in ("reached", "low", "high")]]
    assert low <= reached <= high


@pytest.mark.full
def test_no_rule_is_broken():
    assert report.violations(FOLDER) == []
