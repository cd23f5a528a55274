"""Audits: the record of how well two groups of subjects are told apart by statistics that should not tell them."""

from dataclasses import dataclass

#: how far from 0.5 the classifier's AUC may lie before two groups count as different
TOLERANCE = 0.05


@dataclass(frozen=True)
class Audit:
    """AUC of a classifier of global statistics between two groups, with its 95 % interval and the subjects of each."""

    value: float
    low: float
    high: float
    count: int

    @property
    def equivalent(self) -> bool:
        """Whether the whole interval lies within 0.5 +- 0.05; too few subjects never pass."""
        return bool(self.low >= 0.5 - TOLERANCE and self.high <= 0.5 + TOLERANCE)

    def __str__(self) -> str:
        verdict = "equivalent to chance" if self.equivalent else "not shown to be at chance"
        interval = f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"
        return f"AUC of global statistics {interval}, n = {self.count} a class: {verdict} (0.5 +- {TOLERANCE})"
