"""Metrics as users meet them: built from the YAML that is shipped."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bench.config.build import build

FOLDER = Path(__file__).parents[2] / "conf" / "metric"


@pytest.fixture
def shipped():
    """name -> the metric of conf/metric/<name>.yaml."""
    return lambda name: build(OmegaConf.to_container(OmegaConf.load(FOLDER / f"{name}.yaml")), path=name)
