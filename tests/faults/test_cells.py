"""Cells that hang, are killed, or whose values are no numbers: marked with stage and name, and the sweep goes on."""

import os
import signal
from pathlib import Path

import pandas as pd
import pytest
from sweeps import Sweep

pytestmark = pytest.mark.fault("plug-ins")

METHODS = "method=[gradient,hangs,glutton,notanumber,dies_once,orphan_once]"
ONE = ("metric=[calibrated_ap,nan_metric]", "seed.model=0")
#: what a process may eat before it is stopped, as the kernel would
ENOUGH_KB = 150_000


def resident_kb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def stop_the_glutton(sweep):
    """Kill it from outside once it has grown, and again, as a death is tried once more; True when that is done."""
    pids = [int(line.split()[1]) for line in sweep.journal_text().splitlines() if line.startswith("glutton")]
    stopped = getattr(sweep, "stopped", {})
    if pids and pids[-1] not in stopped:
        sweep.begin_kb = getattr(sweep, "begin_kb", {pids[-1]: resident_kb(pids[-1])})
        began = sweep.begin_kb.setdefault(pids[-1], resident_kb(pids[-1]))
        if resident_kb(pids[-1]) >= began + ENOUGH_KB:
            os.kill(pids[-1], signal.SIGKILL)
            sweep.stopped = {**stopped, pids[-1]: True}
    return len(getattr(sweep, "stopped", {})) == 2


def faults_of(sweep):
    """Rows of failures.csv beside refusals and values that do not exist."""
    told = pd.read_csv(sweep.results / "faults" / "failures.csv")
    return told[~told["status"].isin(["unsupported", "undefined"])]


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    sweep = Sweep(tmp_path_factory.mktemp("bad"), (METHODS, *ONE, "timeout_s=10"))
    process = sweep.start()
    sweep.wait_for(process, lambda: stop_the_glutton(sweep))
    return sweep, process.wait(300)


@pytest.fixture(scope="module")
def failures(bad):
    return faults_of(bad[0]).set_index("method")


@pytest.fixture(scope="module")
def rows(bad):
    return pd.read_parquet(next((bad[0].results / "faults").glob("scores/*/*/*.parquet")))


CELLS = [
    ("hang", "hangs", "timeout", "longer than timeout_s=10 s"),
    ("memory eaten", "glutton", "killed", "signal 9"),
    ("map not a number", "notanumber", "failed", "the map is not finite"),
]


@pytest.mark.parametrize(("fault", "method", "status", "reason"), CELLS)
def test_a_bad_cell_is_marked_and_the_sweep_goes_on(bad, failures, rows, outcome, fault, method, status, reason):
    told = failures.loc[method]
    good = rows[(rows["method"] == "gradient") & (rows["metric"] == "calibrated_ap")]
    outcome(
        fault,
        f"in method {method}",
        {"exit": 1, "stage": "attribute", "status": status, "reason": reason, "scores of others": True},
        {
            "exit": bad[1],
            "stage": told["stage"],
            "status": told["status"],
            "reason": reason if reason in told["reason"] else told["reason"],
            "scores of others": bool((good["status"] == "ok").any()),
        },
    )


@pytest.mark.parametrize(("method", "fault"), [("dies_once", "process killed"), ("orphan_once", "fork server killed")])
def test_a_death_that_is_not_the_cells_own_costs_nothing(bad, failures, rows, outcome, method, fault):
    mine = rows[(rows["method"] == method) & (rows["metric"] == "calibrated_ap")]
    expected = {"failed": False, "scores": True, "lines": 1}
    lines = [line for line in bad[0].said.splitlines() if f"attribute {method}" in line]
    seen = {"failed": method in failures.index, "scores": "ok" in set(mine["status"]), "lines": len(lines)}
    outcome(fault, f"once, in method {method}", expected, seen)


def test_a_metric_that_is_not_a_number_is_undefined(rows, outcome):
    mine = rows[(rows["metric"] == "nan_metric") & (rows["method"] == "gradient")]
    outcome(
        "metric not a number",
        "in every subject",
        {"statuses": ["undefined"], "reasons": ["the metric has no value for this subject"], "values": 0},
        {
            "statuses": sorted(set(mine["status"])),
            "reasons": sorted(set(mine["reason"])),
            "values": int(mine["value"].notna().sum()),
        },
    )


NETWORKS = [("nan_training", "while it is trained"), ("nan_trained", "once it is trained")]


@pytest.mark.full
@pytest.mark.parametrize(("network", "moment"), NETWORKS)
def test_a_network_that_is_not_a_number_fails_to_train(sweep, outcome, network, moment):
    sweep.lines = (f"network={network}", "method=[gradient]", "metric=[calibrated_ap]", "seed.model=0")
    code, _ = sweep.run()
    told = faults_of(sweep)
    outcome(
        "network not a number",
        moment,
        {"exit": 1, "failed": ["train"], "said": True},
        {"exit": code, "failed": told["stage"].tolist(), "said": "diverged" in " ".join(told["reason"])},
    )
