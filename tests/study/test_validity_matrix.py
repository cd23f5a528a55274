"""The matrix decides when tables are written: a truth that does not exist has rows with its reason, stored or not."""

from math import nan
from pathlib import Path

import pandas as pd
import pytest

from bench.contracts.validity import Validity
from bench.plan import plan
from bench.tables import validity
from bench.tables.scores import ScoreTable
from bench.tables.writer import Writer
from bench.verbs import computing
from bench.verbs.command import Command

CONF = Path(__file__).parent / "fakes" / "conf"
FAKE = ["study=fake", "trusted=[fakes]"]
LINES = ["method=[random,oracle_counterfactual]", "metric=[calibrated_ap]", "seed.data=[0]", "seed.model=[0]"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = plan.study([*FAKE, f"paths.results={tmp_path_factory.mktemp('matrix')}", *LINES], [CONF])[0]
    computing.compute(made, [])
    return made


@pytest.fixture
def tables(study):
    def write():
        folder = Writer(study).write()
        return pd.read_parquet(next(folder.glob("scores/*/*/*.parquet"))), pd.read_csv(folder / "validity.csv")

    return write


def test_a_truth_that_does_not_exist_is_undefined_with_its_reason(tables):
    rows, matrix = tables()
    edit = rows[rows["truth"] == "edit"]
    assert set(edit["status"]) == {"undefined"} and set(edit["reason"]) == {"the cube alone decides"}
    assert edit.groupby("method").size().to_dict() == {"random": 16, "oracle_counterfactual": 16}
    assert set(edit["stratum"]) == set(rows["stratum"])
    assert matrix.set_index("truth")["defined"].to_dict() == {"counterfactual": True, "edit": False, "planted": True}


def test_the_matrix_speaks_over_what_is_stored_and_leaves_the_rest(tables, monkeypatch):
    before, _ = tables()
    from fakes.box import Box

    monkeypatch.setattr(Box, "validity", Validity({"edit": "another reason", "planted": "nothing is planted"}))
    rows, matrix = tables()
    told = rows[rows["status"] == "undefined"].drop_duplicates("truth").set_index("truth")["reason"].to_dict()
    assert told == {"edit": "another reason", "planted": "nothing is planted"}
    assert not matrix.set_index("truth")["defined"]["planted"]
    assert len(rows) == len(before)
    same = "truth == 'counterfactual'"
    pd.testing.assert_frame_equal(rows.query(same), before.query(same), check_exact=True)


def test_without_sets_no_overlap_has_a_value(tables, monkeypatch):
    from fakes.box import Box

    monkeypatch.setattr(Box, "validity", Validity(without_sets="the cube is everywhere"))
    rows, matrix = tables()
    assert set(rows["reason"]) == {"the cube is everywhere"} and not matrix["defined"].any()


def test_metrics_without_a_truth_have_a_row_that_says_what_they_lack(planned):
    """One model and a map of one subject: nothing to compare."""
    few = ["method=[random]", "metric=[max_sensitivity,retraining_stability,cascading_randomisation]", "maps=none"]
    found = planned(*few, "metric.cascading_randomisation.subjects=1", "seed.data=[0]", "seed.model=[0]")
    told = {metric: reason for _, truth, metric, _, reason in validity.validity_rows(found) if truth == ""}
    assert told == {
        "max_sensitivity": "",
        "retraining_stability": "no maps are kept (maps=none), so models cannot be compared",
        "cascading_randomisation-subjects-1": "it needs 2 subjects or more and is given 1",
    }
    kept = planned(*few[:2], "maps=all", "seed.data=[0]", "seed.model=[0]")
    told = {metric: reason for _, _, metric, _, reason in validity.validity_rows(kept)}
    assert told["retraining_stability"] == "it needs 2 models or more and is given 1"
    assert told["cascading_randomisation"] == ""


def test_without_a_ranking_a_gap_is_told_too_and_fails_the_run(tmp_path, monkeypatch, capsys):
    lines = [*FAKE, f"paths.results={tmp_path}", "method=[gradient]", "metric=[max_sensitivity]"]
    call = Command([*lines, "seed.data=[0]", "seed.model=[0]"], [CONF])
    assert computing.run(call) == 0
    stored = ScoreTable._stored
    gone = {"value": nan, "status": "undefined", "reason": "nothing"}
    monkeypatch.setattr(ScoreTable, "_stored", lambda self, unit: stored(self, unit).assign(**gone))
    assert computing.run(call) == 1
    said = capsys.readouterr()
    assert "audit: box: max_sensitivity should have a value and is undefined in every row" in said.err
    assert "tables only" in said.out
