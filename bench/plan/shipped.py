"""Plug-ins of ours, which our tests know: no others are watched closely or asked before a study."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from bench.config.build import ALLOWED, TARGET, is_ours, nodes, resolve
from bench.guard.ours import shipped_identities
from bench.provenance import ROOT
from bench.store.keys import identity
from bench.study import Study


def is_shipped(node: Mapping[str, Any]) -> bool:
    """True where every class that a node names is ours; what lies outside our packages is not even imported."""
    targets = [str(part[TARGET]) for _, part in nodes(node)]
    return all(map(is_ours, targets)) and all(
        identity(resolve(part, ALLOWED)) in shipped_identities() for _, part in nodes(node)
    )


def is_as_shipped(group: str, node: Mapping[str, Any]) -> bool:
    """True where a node is what a YAML of ours says, word for word."""
    return dict(node) in _nodes(group)


@cache
def _nodes(group: str) -> list[Any]:
    return [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "conf" / group[:-1]).glob("*.yaml"))]


def strangers(study: Study, *groups: str) -> list[tuple[str, str]]:
    """(group, label) of the plug-ins of a study that are not ours."""
    named = [(group, label) for group in groups for label in study.node_names(group)]
    return [(group, label) for group, label in named if not is_shipped(study.node(group, label))]
