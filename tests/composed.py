"""Nodes of conf/, composed by Hydra as a study composes them."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

CONF = Path(__file__).parents[1] / "conf"


def node(name: str) -> Any:
    """The node of a YAML, named by its path in conf/ such as `simulator/focal` or `simulator/task/single`."""
    return deepcopy(_node(name))


@cache
def _node(name: str) -> Any:
    # Hydra takes a tenth of a second for a file, and thousands of tests ask for one
    text = (CONF / f"{name}.yaml").read_text()
    if "defaults:" not in text and "@package" not in text:
        return OmegaConf.to_container(OmegaConf.create(text))
    with initialize_config_dir(str(CONF), version_base="1.3"):
        found: Any = OmegaConf.to_container(compose(name))
    for group in name.split("/")[:-1]:
        found = found[group]
    return found
