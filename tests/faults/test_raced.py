"""Two launchers over one study at once."""

import pytest

pytestmark = pytest.mark.fault("processes")


@pytest.mark.full
@pytest.mark.parametrize("more", [0, 2])
def test_racing_launchers_leave_one_result(sweep, outcome, more):
    first = sweep.start()
    if more:
        sweep.wait_for(first, lambda: sweep.stored() >= more)
    codes = [process.wait(300) for process in (sweep.start(), first)]
    outcome(
        "two launchers",
        f"the second when {more} artefacts are stored",
        {"exits": [0, 0], "left behind": 0},
        {"exits": codes, "left behind": len(list(sweep.results.rglob(".tmp-*")))},
        sweep,
    )
