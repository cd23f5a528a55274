"""Stage calibration_bank: the healthy subjects of a calibration, a cache that simulators of one anatomy share."""

from collections.abc import Mapping

from bench.stages.bank import Banked
from bench.stages.stage import Cell, Graph
from bench.study import Study, Unit


class _CalibrationBank(Banked):
    """Makes the folder that a calibration reads healthy subjects from, as often as it tries an amplitude."""

    name = "calibration_bank"
    version = "1"
    priced_as = "bank"

    def counts(self, study: Study, unit: Unit) -> Mapping[str, int]:
        streams: Mapping[str, int] = study.make("simulators", unit.simulator).calibration_streams
        return streams

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per anatomy, whatever is to be seen in it."""
        return self.banked(graph, unit, "healthy", self.counts(graph.study, unit))


CALIBRATION_BANK = _CalibrationBank()
