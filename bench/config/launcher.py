"""Hydra's launcher as lines of the command line choose it; to be asked where Hydra searches our folder."""

import os
from collections.abc import Sequence
from itertools import product

from hydra import compose
from omegaconf import DictConfig

from bench.contracts import BadInput
from bench.contracts.arguments import impossible

#: what `conf/launch.yaml` must be given before its launcher can be read
LAUNCHED = ("plan=none", "unit=none")
#: workers that a machine, or an array of jobs, can be asked for
MOST = 10_000
#: settings of a launcher or sweeper that no cluster can make sense of below 1, or takes for no limit at all
COUNTS = ("timeout_min", "mem_gb", "cpus_per_task", "array_parallelism", "max_batch_size")


def hydra_of(lines: Sequence[str]) -> DictConfig:
    """Hydra's own settings."""
    settings: DictConfig = compose("launch", overrides=[*LAUNCHED, *lines], return_hydra_config=True).hydra
    return settings


def stays_here(lines: Sequence[str]) -> bool:
    """Whether units run on this machine, and not on nodes of a cluster, which may have what this one has not."""
    return "slurm" not in str(hydra_of(lines).launcher["_target_"]).lower()


def workers_of(lines: Sequence[str]) -> int:
    """Number of units that run side by side; a negative number is that of cores and some, as joblib counts.

    Raises:
        BadInput: for none, or more than there can be, and for jobs without time, memory or cores.
    """
    hydra, cores = hydra_of(lines), os.cpu_count() or 1
    launcher = hydra.launcher
    for room, name in product(("launcher", "sweeper"), COUNTS):
        value = hydra[room].get(name)
        if value is not None and value < 1:
            raise impossible("", f"hydra.{room}.{name}", value, "1 or more")
    given = int(launcher.get("n_jobs", launcher.get("array_parallelism", 1)))
    if given == 0 or not -cores <= given <= MOST:
        raise BadInput(
            f"the launcher cannot have {given} workers; give 1 to {MOST}, or hydra.launcher.n_jobs=-1, one a core"
        )
    return given if given > 0 else cores + 1 + given
