"""Limits of jobs that leave nothing to compute with are refused under the key that was typed."""

import pytest
from omegaconf import OmegaConf

from bench.config import launcher
from bench.contracts import BadInput


@pytest.mark.parametrize("value", [0, -4])
@pytest.mark.parametrize("name", ["timeout_min", "mem_gb", "cpus_per_task", "array_parallelism"])
def test_a_job_without_time_memory_or_cores_is_refused(name, value, monkeypatch):
    settings = OmegaConf.create({"launcher": {"mem_gb": None, name: value}, "sweeper": {"max_batch_size": None}})
    monkeypatch.setattr(launcher, "hydra_of", lambda lines: settings)
    with pytest.raises(BadInput, match=f"hydra.launcher.{name}={value} is not possible: give 1 or more"):
        launcher.workers_of([])
