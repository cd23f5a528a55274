"""Cells that raise or die cost themselves and nothing else; those that hang stand in `tests/faults`."""

import hashlib

import pandas as pd
import pytest

from bench.plan import plan
from bench.plan.states import survey
from bench.verbs import computing

pytestmark = pytest.mark.fault("plug-ins")

GOOD = ["gradient", "oracle_counterfactual"]
BAD = {
    "raises": ("failed", "ZeroDivisionError: one over nothing"),
    "refuses": ("unsupported", "no rule for this network"),
    "notanumber": ("failed", "not finite"),
    "dies": ("killed", "signal 9"),
}
LINES = ["metric=[calibrated_ap,max_sensitivity]", "seed.data=0", "seed.model=0"]


def computed(planned, methods, results):
    study = planned(f"method=[{','.join(methods)}]", *LINES, results=results)
    computing.compute(study, [])
    computing.write_tables(study)
    return study, pd.read_parquet(next(study.folder.glob("scores/*/*/*.parquet")))


@pytest.fixture
def both(planned, tmp_path):
    alone = computed(planned, GOOD, tmp_path / "alone")
    study, rows = computed(planned, [*BAD, *GOOD], tmp_path / "among")
    return alone[1], study, rows


def test_bad_methods_leave_the_rows_of_others_byte_identical(both, planned):
    alone, study, rows = both
    among = rows[rows["method"].isin(GOOD)].reset_index(drop=True)
    pd.testing.assert_frame_equal(among, alone, check_exact=True)
    assert hashlib.sha256(among.to_csv().encode()).digest() == hashlib.sha256(alone.to_csv().encode()).digest()
    failures = pd.read_csv(study.folder / "failures.csv")
    for method, (status, reason) in BAD.items():
        mine = rows[rows["method"] == method]
        # a truth that does not exist is undefined for all methods alike
        lost = mine[mine["truth"] != "edit"]
        assert set(lost["status"]) == {status} and lost["reason"].str.contains(reason).all(), method
        assert len(mine) == len(rows[rows["method"] == "gradient"].query("metric != 'max_sensitivity.average'"))
        told = failures[failures["method"] == method]
        assert set(told[told["metric"].isna()]["status"]) == {status}, "a refusal is a row, as a failure is"
    assert computing.say_failures(study) == 1
    # Failures are kept until asked for; the plan says what they block.
    again = plan.with_work(study)
    assert again.pending == {}
    assert {s for states in survey(study).values() for _, s in states.values()} == {
        "done",
        "failed",
        "blocked",
        "unsupported",
    }
    retry = plan.with_work(
        planned(f"method=[{','.join([*BAD, *GOOD])}]", *LINES, "rerun=failed", results=study.results)
    )
    methods = {c.method for u, states in survey(study).items() for k, (c, _) in states.items() if k in retry.pending[u]}
    assert methods == {m for m, (status, _) in BAD.items() if status != "unsupported"}
