"""Shares of a unit's work: what is ours in one process, what each stranger computes in a process of its own.

A plug-in that no test of ours knows can change whatever lies in its process, in ways that nobody thought of. So nothing
of others is computed there: what it breaks is its own.
"""

from collections.abc import Sequence

from bench.plan.shipped import strangers
from bench.stages.stage import Cell
from bench.study import Study

#: (group, label) of the plug-ins at work in a cell that are not ours
Strangers = tuple[tuple[str, str], ...]


class Shares:
    """Tells which strangers take part in a cell of a study.

    A simulator of somebody else's needs no process of its own, as all cells of its units are made from it.
    """

    def __init__(self, study: Study) -> None:
        self._known = set(strangers(study, "networks", "methods", "metrics"))

    def strangers(self, cell: Cell) -> Strangers:
        """The strangers of a cell, network before method before metric."""
        network = cell.unit.network if cell.maker.network else ""
        named = (("networks", network), ("methods", cell.method), ("metrics", cell.metric))
        return tuple(one for one in named if one in self._known)

    def of(self, cells: Sequence[Cell]) -> list[tuple[Strangers, list[Cell]]]:
        """The cells by the strangers in them, each share after those that it may need: fewer strangers first."""
        shares: dict[Strangers, list[Cell]] = {}
        for cell in cells:
            shares.setdefault(self.strangers(cell), []).append(cell)
        return sorted(shares.items(), key=lambda share: len(share[0]))


def strangers_named(strangers: Strangers) -> str:
    """Strangers in words, e.g. "method mine"."""
    return " and ".join(f"{group[:-1]} {label}" for group, label in strangers)
