"""Stale cells: which plug-ins' code is another than that which made what is stored."""

from collections import Counter
from pathlib import Path

from bench.config.build import TARGET
from bench.plan.estimate import listed
from bench.plan.states import States
from bench.provenance import ROOT
from bench.stages.stage import Cell
from bench.store.modules import module_file
from bench.study import Study

#: nodes whose code decides a cell, the first of which there is
DECIDING = ("metric", "method", "network", "simulator")


def stale_sentence(study: Study, surveyed: dict[str, States]) -> str:
    """Numbers of stale cells by file; "" where none is."""
    distinct = {key: pair for states in surveyed.values() for key, pair in states.items()}
    counts = Counter(_file(study, cell) for cell, state in distinct.values() if state == "stale")
    changed = "the file or a module that it imports has changed, and rerun=stale makes them again"
    return f"stale cells: {listed(counts, 'by')}; {changed}" if counts else ""


def _file(study: Study, cell: Cell) -> str:
    """The file of the plug-in that makes a cell, from the project's root where it is ours."""
    nodes = cell.maker.configuration(study, cell)
    node = next(nodes[name] for name in DECIDING if name in nodes)
    module = str(node[TARGET]).rpartition(".")[0]
    path = module_file(module)
    if path is None:
        return module
    return str(Path(path).relative_to(ROOT)) if Path(path).is_relative_to(ROOT) else str(path)
