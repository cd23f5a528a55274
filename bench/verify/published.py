"""Published rows that the code has left behind: a stage, a component or a part of one has another version since.

python -m bench readme says so in results/README.md, until the study is made and published anew.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from bench.config.build import ALLOWED, resolve
from bench.contracts import BadInput
from bench.plan.cells import stages
from bench.published.places import study_name
from bench.stages.calibrate import CALIBRATE
from bench.store.keys import canonical, describe, key

PLUGINS = ("method", "metric")
#: components that a table names one by one; of more it gives the number
MOST_NAMED = 4
#: where the content of a cell holds the key of a component; that of a method lies in the key of its maps
_HELD = {"metric": "metric", "network": "network", "simulator": "calibration"}


class Component(NamedTuple):
    """A component of a published study, or one of its stages.

    kind: method, metric, network, simulator or stage. name: of a network or simulator, a model that has it. node: its
    configuration, or the content of a cell, as JSON. key: its key there, "" for a method. version: of a plug-in there.
    """

    kind: str
    name: str
    node: str
    key: str = ""
    version: str = ""


def components_of(folder: Path) -> list[Component]:
    """What a published study was made from, each once."""
    columns = ["stage", "key", "unit", "method", "metric", "content", "config"]
    versions = {kind: _versions(folder / f"{kind}s.csv", kind) for kind in PLUGINS}
    components: dict[tuple[str, ...], Component] = {}
    for row in pd.read_parquet(folder / "provenance.parquet", columns=columns).astype(str).to_dict("records"):
        components.setdefault(("stage", row["stage"]), Component("stage", row["stage"], row["content"], row["key"]))
        content = json.loads(row["content"])
        for kind, node in json.loads(row["config"]).items():
            name = row[kind] if kind in PLUGINS else row["unit"]
            inside = content.get(_HELD.get(kind), "")
            # a bank counts subjects by stream, of which one is called like the cell that a simulator's key lies in
            held = inside if isinstance(inside, str) else ""
            if (kind in PLUGINS and name) or held:
                one = Component(kind, name, canonical(node), held, versions.get(kind, {}).get(name, ""))
                # one model stands for all that share its network or simulator
                components.setdefault((kind, name if kind in PLUGINS else "", *one[2:]), one)
    return sorted(components.values())


def outdated(component: Component) -> str:
    """A clause on what the code has in place of a published component; "" where that is current."""
    try:
        has, now = _present(component)
    except (BadInput, KeyError):
        return "no longer in the code"
    if component.version and component.version != has:
        return f"made with version {component.version}, the code has {has}"
    return "it or a part of it has another version" if component.key and component.key != now else ""


def table(folders: list[Path]) -> Iterator[list[str]]:
    """Study and its components that are behind the code, of every published study."""
    for folder in folders:
        behind: dict[tuple[str, str], list[str]] = {}
        for component in components_of(folder):
            if clause := outdated(component):
                behind.setdefault((component.kind, clause), []).append(f"`{component.name}`")
        clauses = [f"{_counted(kind, names)}: {clause}" for (kind, clause), names in behind.items()]
        yield [f"`{study_name(folder)}`", "; ".join(clauses) or "none"]


def _counted(kind: str, names: list[str]) -> str:
    """The names of components of a kind, or how many these are."""
    return f"{len(names)} {kind}s" if len(names) > MOST_NAMED else f"{kind} {', '.join(names)}"


def _present(component: Component) -> tuple[str, str]:
    """Version and key of the same in the code; raises BadInput or KeyError where it is gone."""
    node: dict[str, Any] = json.loads(component.node)
    if component.kind == "stage":
        stage = stages()[component.name]
        return stage.version, key({"stage": stage.name, "version": stage.version, **node})
    current = key(describe(node))
    if component.kind == "simulator":
        current = key({"stage": CALIBRATE.name, "version": CALIBRATE.version, "simulator": current})
    return str(getattr(resolve(node, ALLOWED), "version", "")), current


def _versions(path: Path, kind: str) -> dict[str, str]:
    table = pd.read_csv(path, dtype=str, usecols=[kind, "version"])
    return dict(zip(table[kind], table["version"], strict=True))
