"""Slurm's queue, asked for the jobs of a call by their name.

submitit asks the accounts (`sacct`). A cluster that keeps none says so at every question, and a job that was cancelled
there is waited for without end. `squeue` knows what waits and what is at work on every cluster.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bench.contracts import BadInput

COMMANDS = ("sbatch", "srun", "squeue", "scancel")
#: how often the queue is asked while jobs are waited for
ASKED_S = 10.0


class SlurmQueue:
    """The jobs of one call, which all have its name, waiting or at work."""

    def __init__(self, run: str) -> None:
        self.name = f"plumbline-{run}"

    @property
    def lines(self) -> list[str]:
        """Overrides by which its jobs get the name."""
        return [f"hydra.launcher.name={self.name}"]

    def active(self) -> set[str] | None:
        """The numbers of the jobs, `12_3` for task 3 of array 12; None while the controller does not answer."""
        command = ["squeue", "--noheader", "--array", "--name", self.name, "--format", "%i"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        return None if answer.returncode else set(answer.stdout.split())

    def cancel(self) -> None:
        """Take the jobs from the queue, and end those at work."""
        subprocess.run(["scancel", "--name", self.name], capture_output=True, check=False)

    def wait(self) -> None:
        """Until no job is left, so that nobody computes the same beside those that follow."""
        while self.active() != set():
            time.sleep(ASKED_S)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While jobs are submitted and waited for; none is left afterwards.

        Raises:
            BadInput: where Slurm is not there, or took no job.
        """
        # installed by those alone who launch on Slurm
        from submitit import SlurmJob

        _check_commands()
        jobs: Any = SlurmJob
        watcher, usual = SlurmWatcher(self), jobs.watcher
        jobs.watcher = watcher
        try:
            yield
        except Exception as error:
            if not watcher.submitted:
                reason = str(error).partition("\n")[0].strip(". ")
                mend = "mend hydra.launcher.*, as conf/README.md says"
                raise BadInput(f"Slurm took no job ({reason}); {mend}") from error
            self.wait()
            raise
        except KeyboardInterrupt:
            self.cancel()
            raise
        finally:
            jobs.watcher = usual


class SlurmWatcher:
    """What submitit asks about its jobs, in place of its own."""

    def __init__(self, queue: SlurmQueue) -> None:
        self.queue, self.submitted = queue, set[str]()
        self._active: set[str] | None = None
        self._asked = -ASKED_S

    def register_job(self, job_id: str) -> None:
        """A job was submitted: what was known of the queue is no longer so."""
        self.submitted.add(job_id)
        self._active, self._asked = None, -ASKED_S

    def is_done(self, job_id: str, mode: str = "standard") -> bool:
        """Whether a job has left the queue; not where that is not known."""
        if time.monotonic() - self._asked > ASKED_S:
            self._active, self._asked = self.queue.active(), time.monotonic()
        return self._active is not None and job_id not in self._active

    def get_state(self, job_id: str, mode: str = "standard") -> str:
        """The state of a job, in a word."""
        return "left the queue" if self.is_done(job_id) else "in the queue"


def is_slurm(launcher: Mapping[str, Any]) -> bool:
    """True for the settings of the launcher that submits to Slurm."""
    return str(launcher["_target_"]).endswith(".SlurmLauncher")


def _check_commands() -> None:
    """Refuse a machine without Slurm's commands."""
    if missing := [command for command in COMMANDS if shutil.which(command) is None]:
        raise BadInput(
            f"there is no {missing[0]} on this machine; issue the command where Slurm's commands are, such as a login "
            "node of the cluster, or choose another launcher, e.g. hydra/launcher=joblib"
        )
