"""The only place that launches with Hydra: one job a unit, on whatever launcher the user chose."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import hydra
from omegaconf import DictConfig

from bench.config.compose import CONF
from bench.contracts import BadInput
from bench.launch import child
from bench.launch.progress import Heart, folder, progress_bar
from bench.store import files
from bench.study import PLAN, Study

#: One thread a process, because units run side by side. And glibc keeps the memory of freed tensors: giving it back to
#: the system at every layer slows training down, most of all with two workers.
ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    **dict.fromkeys(("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), str(2**31)),
}


def launch(study: Study, plan: Path, units: Sequence[str], lines: Sequence[str], title: str) -> None:
    """Run the work of units; what fails is in the store afterwards, and the next call resumes.

    lines: overrides for Hydra itself, such as `hydra/launcher=joblib`.
    """
    if not units:
        return
    logs, beats = study.folder / "logs", folder(study)
    arguments = [
        "--multirun",
        f"plan={beats / PLAN}",
        f"unit={','.join(units)}",
        f"hydra.sweep.dir={logs}",
        f"hydra.run.dir={logs}",
        *lines,
    ]
    try:
        with files.sentence_if_unwritable(beats):
            beats.mkdir(parents=True, exist_ok=True)
            # a copy, because another call may plan the same study while this one works
            shutil.copyfile(plan, beats / PLAN)
        with _process(arguments, ENVIRONMENT), progress_bar(study, list(units), title), contextlib.suppress(SystemExit):
            _multirun()
        if sentence := next(filter(None, (Heart.of(study, unit).stopped() for unit in units)), ""):
            raise BadInput(sentence)
    finally:
        shutil.rmtree(beats, ignore_errors=True)


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
    child.use_forkserver()
    # What stopped the unit is in its heartbeat, where `launch` finds it whatever process this is.
    with contextlib.suppress(BadInput):
        child.run(Path(config.plan), config.unit)
