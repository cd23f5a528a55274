"""The matrix decides when tables are written: a truth that does not exist has rows with its reason, stored or not."""

from pathlib import Path

import pandas as pd
import pytest

from bench import plan, verbs
from bench.contracts.validity import Validity
from bench.tables import Writer

CONF = Path(__file__).parent / "fakes" / "conf"
LINES = ["method=[random,oracle_counterfactual]", "metric=[calibrated_ap]", "seed.data=[0]", "seed.model=[0]"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = plan.study(["study=fake", f"paths.results={tmp_path_factory.mktemp('matrix')}", *LINES], [CONF])[0]
    verbs.compute(made, [])
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
