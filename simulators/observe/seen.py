"""Subjects as a reference observer saw them, and how well it separates their sides."""

from typing import NamedTuple

import numpy as np

from bench.passes.discrimination import AUC, auc
from simulators.observe.pattern import responses, template
from simulators.observe.readout import fit


class SeenSubjects(NamedTuple):
    """Subjects as an observer saw them: statistics (n, F), images (n, V), labels (n,) and sides (n,)."""

    statistics: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    sides: np.ndarray

    def only(self, chosen: np.ndarray) -> "SeenSubjects":
        """The subjects that are chosen, by a mask or by numbers."""
        return SeenSubjects(*(part[chosen] for part in self))

    def judged(self) -> "SeenSubjects":
        """The subjects on either side, without a copy where these are all."""
        return self if (self.sides >= 0).all() else self.only(self.sides >= 0)

    def of(self, first: int, second: int) -> "SeenSubjects":
        """The subjects of two classes, those of the second on the patients' side."""
        chosen = self.only(np.isin(self.labels, (first, second)))
        return chosen._replace(sides=(chosen.labels == second).astype(int))


def separated(seen: SeenSubjects, other: SeenSubjects, products: bool) -> AUC:
    """AUC between the sides of other subjects, by the observer fitted on those seen.

    products: read products of two statistics as well; see `readout.fit`.
    """
    known, met = with_pattern(seen, other, seen.sides)
    return auc(fit(known, seen.sides, products)(met), other.sides)


def with_pattern(seen: SeenSubjects, other: SeenSubjects, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Statistics (n, F + 1) of both: the response of the template learnt from `seen` and its values (m,) is the last.

    Those seen are read by the template of their other half, so that the discriminant sees no response that is too good.
    """
    of_seen, of_other = responses(seen.images, values), template(seen.images, values)(other.images)
    return np.column_stack([seen.statistics, of_seen]), np.column_stack([other.statistics, of_other])
