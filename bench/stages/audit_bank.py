"""Stage audit_bank: the healthy subjects that audits look at, a cache that simulators of one anatomy share."""

from collections.abc import Mapping

from bench.stages.bank import Banked
from bench.stages.stage import Cell, Graph
from bench.study import Study, Unit

#: subjects a class; with fewer the interval of an AUC is wider than the tolerance of the audit
AUDITED = 1000
#: the stream of a simulator with cues in which they say nothing of the label
DECORRELATED = "decorrelated"


class _AuditBank(Banked):
    """Makes the folder that audits read healthy subjects from, whose images they see with and without the disease."""

    name = "audit_bank"
    version = "1"
    priced_as = "bank"

    def counts(self, study: Study, unit: Unit) -> Mapping[str, int]:
        simulator = study.make("simulators", unit.simulator)
        subjects = AUDITED * max(2, simulator.outputs)
        # twins of further classes are twice as many
        twins = subjects * (2 if simulator.outputs > 2 else 1)
        return {"test": twins, **({DECORRELATED: subjects} if simulator.splits else {})}

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per data seed and anatomy, whatever is to be seen in it."""
        counts = self.counts(graph.study, unit)
        return self.banked(graph, unit, f"d{unit.data_seed}", {"data_seed": unit.data_seed, **counts})


AUDIT_BANK = _AuditBank()
