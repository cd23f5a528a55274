"""Units as an array of a real Slurm that is hurt from outside: the tables are those of a run without Slurm."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from one_node import PARTITION
from sweeps import Sweep, kill

pytestmark = pytest.mark.full

#: eight units of one method
UNITS = ("method.slow.number=0", "seed.data=range(4)", "seed.model=0,1")
ARRAY = ("hydra/launcher=slurm", f"hydra.launcher.partition={PARTITION}", "hydra.launcher.array_parallelism=2")
PATIENCE_S = 1800
#: what a launcher of Hydra's, submitit or Slurm's accounts would say at length
NOISE = ("Traceback", "sacct", "accounting", "WARNING")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The study without Slurm."""
    sweep = Sweep(tmp_path_factory.mktemp("plain"), UNITS)
    code, said = sweep.run()
    assert code == 0, said
    return sweep


@pytest.fixture
def sweep(tmp_path, slurm):
    return Sweep(tmp_path, UNITS)


def beats(sweep):
    """The units at work: {unit: number of the process}."""
    found = {}
    for path in (sweep.results / sweep.name / "progress").glob("*/*.json"):
        beat = json.loads(path.read_text())
        if beat.get("title", "starting") not in ("starting", "done"):
            found[path.stem] = int(beat["process"].split(".")[1])
    return found


def wait_for(process, reached, sweep):
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert process.poll() is None and time.monotonic() < end, sweep.said
        time.sleep(0.05)


def job_of(pid):
    """The number of the job that a process belongs to."""
    lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
    variables = dict(line.split("=", 1) for line in lines if "=" in line)
    return f"{variables['SLURM_ARRAY_JOB_ID']}_{variables['SLURM_ARRAY_TASK_ID']}"


def test_an_array_that_is_hurt_gives_the_tables_of_a_run_without_slurm(sweep, slurm, plain):
    process = sweep.start(*ARRAY)
    wait_for(process, lambda: beats(sweep), sweep)
    (cancelled, pid), *_ = beats(sweep).items()
    slurm.cancel(job_of(pid))
    wait_for(process, lambda: beats(sweep).keys() - {cancelled}, sweep)
    killed = next(unit for unit in beats(sweep) if unit != cancelled)
    os.kill(beats(sweep)[killed], signal.SIGKILL)
    slurm.restart_controller()
    slurm.restart_node()
    assert process.wait(PATIENCE_S) == 0, sweep.said
    assert not [word for word in NOISE if word in sweep.said], sweep.said
    assert "a worker of the launcher ended early" in sweep.said and "its units go on once more" in sweep.said
    assert sweep.tables() == plain.tables()
    records = sweep.records()
    code, said = sweep.run(*ARRAY)
    assert code == 0 and sweep.records() == records and sweep.tables() == plain.tables(), said


def test_an_array_goes_on_after_its_parent_died_and_is_seen(sweep, slurm, plain):
    process = sweep.start(*ARRAY)
    wait_for(process, lambda: beats(sweep), sweep)
    kill(process)
    # between two units nobody is at work for a moment
    seen = (sweep.run(verb="status") for _ in range(10))
    assert any(code == 0 and " running" in said.splitlines()[0] for code, said in seen), sweep.said
    assert sweep.start(*ARRAY).wait(PATIENCE_S) == 0, sweep.said
    assert sweep.tables() == plain.tables()


def test_a_partition_that_is_not_there_is_the_schedulers_sentence_and_nothing_is_computed(sweep, slurm):
    code, said = sweep.run("hydra/launcher=slurm", "hydra.launcher.partition=nowhere")
    last = said.splitlines()[-1]
    assert code == 2 and last.startswith("error: Slurm took no job (sbatch: error: "), said
    assert "nowhere" in last and "Traceback" not in said
    code, said = sweep.run(verb="status")
    assert "8 waiting" in said.splitlines()[0], said
