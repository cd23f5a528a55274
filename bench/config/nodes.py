"""Plain nodes: what Hydra composes of override lines, as dictionaries, lists, numbers and texts."""

from collections.abc import Mapping
from typing import Any

from hydra import compose
from omegaconf import DictConfig, OmegaConf

from bench.config import expansion
from bench.config.build import TARGET
from bench.config.overrides import LISTS, PAIRED
from bench.config.pairs import CHOICES, REFERS
from bench.contracts import BadInput

Node = dict[str, Any]


def composed_of(lines: list[str], complete: bool = True) -> Node:
    """The configuration that lines compose, what they choose by group, and whether a node refers to another.

    complete: whether every key has a value, as that of files alone need not.
    Raises BadInput for a key without a value, or a plug-in that has no values by name.
    """
    config = compose("config", overrides=lines, return_hydra_config=True)
    refers = any("${" in str(OmegaConf.to_container(config[group], resolve=False)) for group in PAIRED)
    composed = {**as_node(config, complete), CHOICES: dict(config.hydra.runtime.choices), REFERS: refers}
    _check_kinds(composed)
    return composed


def as_node(config: DictConfig, complete: bool = True) -> Node:
    """All of a configuration but Hydra's own; raises BadInput for a key without a value where it is to be complete."""
    masked = OmegaConf.masked_copy(config, [str(k) for k in config if k != "hydra"])
    expansion.check(masked)
    missing = OmegaConf.missing_keys(masked)
    if missing and complete:
        raise BadInput(f"no value for {', '.join(sorted(missing))}; give it on the command line or in the study")
    composed = OmegaConf.to_container(masked, resolve=True)
    assert isinstance(composed, dict)
    return {str(k): v for k, v in composed.items()}


def _check_kinds(config: Node) -> None:
    """Refuse a plug-in that is a number, a text or a list in place of values by name."""
    placed = {group: config[group] for group in PAIRED}
    placed |= {f"{group}.{name}": node for group in LISTS for name, node in config[group].items() if name != TARGET}
    for place, node in placed.items():
        if not isinstance(node, Mapping):
            raise BadInput(f"{place}={node} is not possible: give values by name, {place}={{NAME: ...}}")
