"""Tables of shipped methods, metrics, networks and pathologies in READMEs, from what the classes declare.

python -m bench readme writes them.
"""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from bench.checks.networks import ProbeTask
from bench.config.architecture import architecture
from bench.config.build import ALLOWED, TARGET, build, nodes, resolve
from bench.provenance import ROOT
from bench.published import places
from bench.store import files
from bench.verify import published
from bench.verify.markdown import code, table, with_lines

METHODS, METRICS = ROOT / "methods" / "README.md", ROOT / "metrics" / "README.md"
RESULTS = ROOT / "results" / "README.md"
NETWORKS, SIMULATORS = ROOT / "bench" / "networks" / "README.md", ROOT / "simulators" / "README.md"
#: grid and outputs for which parameters of networks are counted
COUNTED = ProbeTask((24, 32, 24), 2)


def methods() -> str:
    """One row per class of methods: what its tags say of the maps, and what a reader of them should know."""
    rows = [
        [
            code(names),
            _file(type(method)),
            method.tags.role if method.tags.role != "method" else method.tags.quantity,
            "yes" if method.tags.signed else "no",
            f"`{method.tags.cost}`",
            getattr(method, "note", ""),
        ]
        for names, method in sorted(_classes("method"), key=lambda entry: (entry[1].tags.family, _file(type(entry[1]))))
    ]
    return table(["method", "file", "quantity or role", "signed", "passes a map", "a reader should know"], rows)


def metrics() -> str:
    """One row per class of metrics: what it computes, and how its value reads."""
    rows = [
        [
            code(names),
            _file(type(metric)),
            metric.summary,
            "more" if metric.tags.higher_is_better else "less",
            _chance(metric.tags.chance, metric.tags.floor),
            _interval(*metric.tags.bounds),
            metric.reference,
        ]
        for names, metric in sorted(_classes("metric"), key=lambda entry: (entry[1].tags.kind, _file(type(entry[1]))))
    ]
    return table(["metric", "file", "what it computes", "better", "chance", "bounds", "source"], rows)


def blind_spots() -> str:
    """One row a blind spot: the question a metric answers, what fools it there, and the test that shows it."""
    spots: dict[tuple[str, ...], list[str]] = {}
    for name, metric in shipped("metric"):
        for spot in metric.blind_spots:
            spots.setdefault((metric.question, *spot), []).append(name)
    rows = [[code(names), question, fooled, f"`{test}`"] for (question, fooled, test), names in spots.items()]
    return table(["metric", "what it answers", "what fools it", "shown by"], rows)


def behind() -> str:
    """One row a published study: its components of which the code has another version."""
    return table(["study", "behind the code"], published.table(places.studies()))


def networks() -> str:
    """One row per network: what it is, the arguments of its YAML, its parameters, its intrinsic maps."""
    rows = []
    for name, node in _described("network"):
        network: Any = architecture(node, COUNTED, ())().eval()
        count = sum(parameter.numel() for parameter in network.parameters())
        numbers = [_arguments(node), f"{count:,}", code(_maps(network))]
        rows.append([f"`{name}`", _file(type(network)), network.summary, *numbers, network.reference])
    return table(["network", "file", "what it is", "arguments", "parameters", "intrinsic map", "source"], rows)


def pathologies() -> str:
    """One row per pathology that a simulator names: what it does, the coarsest grid that shows it, its observer."""
    users: dict[type, list[str]] = {}
    for name, node in _described("simulator"):
        for _, part in nodes(node.get("pathology", {})):
            cls: Any = resolve(part, ALLOWED)
            if "summary" in dir(cls) and name not in users.setdefault(cls, []):
                users[cls].append(name)
    rows = [[f"`{cls.__name__}`", _file(cls), *_pathology(cls), code(users[cls])] for cls in sorted(users, key=_file)]
    return table(["pathology", "file", "what it does", "coarsest grid", "observer", "simulators"], rows)


TABLES: dict[Path, dict[str, Callable[[], str]]] = {
    METHODS: {"methods": methods},
    METRICS: {"metrics": metrics, "blind spots": blind_spots},
    RESULTS: {"behind": behind},
    NETWORKS: {"networks": networks},
    SIMULATORS: {"pathologies": pathologies},
}


def shipped(group: str) -> Iterator[tuple[str, Any]]:
    """Name and plug-in of every YAML of a group, `method` or `metric`, by name."""
    for name, node in _described(group):
        yield name, build(node, path=name)


def write() -> Iterator[Path]:
    """Write every table into its README; yields the READMEs."""
    for readme, tables in TABLES.items():
        for name, make in tables.items():
            files.write_bytes(readme, with_lines(readme, name, make()).encode())
        yield readme


def _described(group: str) -> Iterator[tuple[str, Any]]:
    """Name and node of every YAML of a group, by name."""
    for path in sorted((ROOT / "conf" / group).glob("*.yaml")):
        yield path.stem, OmegaConf.to_container(OmegaConf.load(path))


def _classes(group: str) -> list[tuple[list[str], Any]]:
    """The names that share a class and a role, and the plug-in of the first of them."""
    classes: dict[tuple[type, str], tuple[list[str], Any]] = {}
    for name, plugin in shipped(group):
        classes.setdefault((type(plugin), getattr(plugin.tags, "role", "")), ([], plugin))[0].append(name)
    return list(classes.values())


def _file(cls: type) -> str:
    return f"`{cls.__module__.rpartition('.')[2]}.py`"


def _chance(chance: float | None, floor: float | None) -> str:
    return f"{chance:g}" if chance is not None else "" if floor is None else f"floor {floor:g}"


def _interval(low: float, high: float) -> str:
    start = f"[{low:g}" if math.isfinite(low) else "(-∞"
    return f"{start}, {high:g}]" if math.isfinite(high) else f"{start}, ∞)"


def _arguments(node: dict[str, Any]) -> str:
    return ", ".join(f"{key} {json.dumps(value)}" for key, value in node.items() if key != TARGET)


def _maps(network: Any) -> list[str]:
    if not hasattr(network, "intrinsic"):
        return []
    with torch.no_grad():
        return list(network.intrinsic(torch.zeros(1, 1, *COUNTED.shape)))


def _pathology(cls: Any) -> list[str]:
    coarsest = getattr(cls, "coarsest_mm", None)
    return [cls.summary, "" if coarsest is None else f"{coarsest:g} mm", f"`{cls.observer.__name__}`"]
