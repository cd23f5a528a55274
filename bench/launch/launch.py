"""The only place that launches with Hydra: one job a unit, on whatever launcher the user chose."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import hydra
from omegaconf import DictConfig

from bench.config.compose import CONF, launcher_of
from bench.config.literals import literal
from bench.contracts import BadInput
from bench.launch import child
from bench.launch.call import at_work
from bench.launch.expected import ExpectedWork
from bench.launch.heart import Heart, folder
from bench.launch.progress import progress_bar
from bench.launch.slurm import SlurmQueue, is_slurm
from bench.plan.estimate import expected_seconds
from bench.store import files
from bench.study import PLAN, Study

#: One thread a process, because units run side by side. And glibc keeps the memory of freed tensors: giving it back to
#: the system at every layer slows training down, most of all with two workers.
ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    **dict.fromkeys(("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), str(2**31)),
    # what its launchers raise comes to us, in place of their libraries' tracebacks to the user
    "HYDRA_FULL_ERROR": "1",
}
#: how often units are launched whose worker died
ATTEMPTS = 2
log = logging.getLogger("bench.launch")


def launch(study: Study, units: Sequence[str], lines: Sequence[str], title: str) -> None:
    """Run the work of units; what fails is in the store afterwards, and the next call resumes.

    lines: overrides for Hydra itself, such as `hydra/launcher=joblib`.
    """
    if not units:
        return
    with files.sentence_if_unwritable(study.folder):
        files.make_way(study.folder / "logs")
    with at_work(study), progress_bar(study, ExpectedWork(study, units, expected_seconds(study)), title):
        for attempt in range(ATTEMPTS):
            waiting = [unit for unit in units if not Heart.of(study, unit).finished()]
            if waiting:
                _launch(study, waiting, lines, last=attempt == ATTEMPTS - 1)


def _launch(study: Study, units: Sequence[str], lines: Sequence[str], last: bool) -> None:
    """One call of Hydra; raises BadInput where a unit met what no other would survive, or none can begin."""
    logs, plan = study.folder / "logs", folder(study) / PLAN
    queue = SlurmQueue(study.run) if is_slurm(launcher_of(lines)) else None
    arguments = [
        "--multirun",
        f"plan={literal(str(plan))}",
        f"unit={','.join(units)}",
        f"hydra.sweep.dir={literal(str(logs))}",
        f"hydra.run.dir={literal(str(logs))}",
        *lines,
        *(queue.lines if queue else []),
    ]
    reason = ""
    try:
        with (
            _process(arguments, ENVIRONMENT),
            contextlib.suppress(SystemExit),
            queue.at_work() if queue else contextlib.nullcontext(),
        ):
            _multirun()
    except BadInput:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(". ")
    if sentence := next(filter(None, (Heart.of(study, unit).stopped() for unit in units)), ""):
        raise BadInput(sentence)
    if reason and not any(Heart.of(study, unit).read() for unit in units):
        if last:
            raise BadInput(
                f"the launcher could not begin ({reason}); mend its settings, hydra.launcher.*, or choose another, "
                "e.g. hydra/launcher=joblib"
            )
    elif reason:
        log.warning(
            "a worker of the launcher ended early (%s)%s", reason, "" if last else "; its units go on once more"
        )


@contextlib.contextmanager
def _process(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[None]:
    """Hydra reads its arguments, and its workers their environment, from the process."""
    argv, environ = sys.argv, dict(os.environ)
    sys.argv = [argv[0], *arguments]
    os.environ.update(environment)
    try:
        yield
    finally:
        sys.argv = argv
        os.environ.clear()
        os.environ.update(environ)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="launch")
def _multirun(config: DictConfig) -> None:
    """One Hydra job."""
    child.leave_with_launcher()
    child.use_forkserver()
    # What stopped the unit is in its heartbeat, where `launch` finds it whatever process this is.
    with contextlib.suppress(BadInput):
        child.run(Path(config.plan), config.unit)
