"""Stage attribute: the maps of one method for one trained model, and how far they would come out the same again."""

from collections.abc import Iterable
from pathlib import Path

from bench.passes.counting import Passes
from bench.stages import convergence, notes
from bench.stages.cohort import COHORT
from bench.stages.convergence import Kept
from bench.stages.explained import first
from bench.stages.maps import Maps, MapsWithCost, explain, map_context
from bench.stages.stage import Cell, Given, Graph
from bench.stages.train import TRAIN
from bench.study import Unit


class _Attribute(Maps):
    """Makes the maps of a trained model."""

    name = "attribute"
    version = "2"

    def cells(self, graph: Graph, unit: Unit) -> Iterable[Cell]:
        """One per method, of arms as well."""
        return () if unit.group else (graph.cell(self, unit, method) for method in graph.study.methods)

    def make(self, given: Given) -> tuple[Kept, Passes]:
        """Explain every subject; keep the first."""
        (maps, passes, remarks), model, study = every_map(given), given.there(TRAIN).model, given.study
        method, cohort = study.make("methods", given.cell.method), given.there(COHORT)
        correlations = convergence.measured(method, model, cohort, map_context(given), maps)
        return Kept(first(maps, study.kept), correlations, remarks), passes

    def write(self, folder: Path, value: Kept) -> None:
        """Write the maps, with the correlations and notes where there are any."""
        super().write(folder, value.maps)
        convergence.write(folder, value.convergence)
        notes.write(folder, value.notes)


ATTRIBUTE = _Attribute()


def every_map(given: Given) -> MapsWithCost:
    """The maps of every explained subject, made once for all metrics of a unit.

    given: that of a cell of this stage.
    """
    maps: MapsWithCost = given.once(
        ("maps", given.cell.key), lambda: explain(given, given.there(TRAIN).model, given.unit.id)
    )
    return maps
