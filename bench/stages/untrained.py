"""Stage untrained: the maps of one method for a network before training, which models are compared with."""

from collections.abc import Iterable

from bench.contracts import Attribution
from bench.devices.moving import moved
from bench.passes.counting import Passes
from bench.stages.explained import first
from bench.stages.maps import Maps, explain
from bench.stages.stage import Cell, Given, Graph
from bench.stages.train import TRAIN
from bench.study import Unit


class _Untrained(Maps):
    """Makes the maps of a network as it was initialised."""

    name = "untrained"
    version = "1"

    def cells(self, graph: Graph, unit: Unit) -> Iterable[Cell]:
        """One per method and initialisation of a group whose models are compared."""
        if not unit.group or not graph.study.metric_names(compare=True):
            return ()
        return (cell for method in graph.study.methods for cell in untrained(graph, unit, method))

    def make(self, given: Given) -> tuple[Attribution, Passes]:
        """Explain every subject; keep the first."""
        result = explain(given, moved(given.value(TRAIN).untrained(), given.device))
        return first(result.maps, given.study.kept), result.passes


UNTRAINED = _Untrained()


def untrained(graph: Graph, group: Unit, method: str) -> list[Cell]:
    """The cells of a group: networks of one initialisation are the same, whatever they are trained on."""
    units = {unit.init_seed: unit for unit in reversed(graph.study.members(group))}
    return [graph.cell(UNTRAINED, units[seed], method) for seed in sorted(units)]
