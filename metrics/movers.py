"""Earth mover's distance of the mass of a map from the truth, in millimetres."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from bench.contracts import BlindSpot, MetricTags, Positive, Subjects, bounded
from metrics._shared.placed import Placed, Space
from metrics._shared.transport import earth_movers


@bounded
@dataclass(frozen=True)
class EarthMovers(Placed):
    """Earth mover's distance relative to an even map.

    |map| and |truth| are scaled to sum 1 in the domain; the ground distance is Euclidean in mm. A map of zeros
    counts as even. Each EMD is the middle of two proven bounds; a map whose bounds lie further than 2 `tolerance` EMD
    of the even map apart is undefined, which happens where the truth is spread over much of the brain.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Rubner, Tomasi & Guibas, The earth mover's distance, IJCV 2000"
    summary: ClassVar[str] = (
        "1 - EMD(map, truth) / EMD(even map, truth): 1 a map that is |truth| up to scale, 0 one spread over the domain."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "map", True, (-math.inf, 1.0), "skill", truths=frozenset({"counterfactual", "planted"}), localisation=True
    )
    question: ClassVar[str] = "How far, in mm, does the map lie from the truth?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("the wrong sign", "test_blind_spots.py::test_distances_see_no_sign"),
    )

    tolerance: Positive = 0.1
    subjects: Subjects = 8

    def _subject(self, values: np.ndarray, size: np.ndarray, space: Space) -> float:
        if not size.any() or not np.isfinite(values).all():
            return math.nan
        where, truth = space.millimetres, _shares(size)
        low, high = earth_movers(_shares(values), truth, where)
        reference = _even_map(truth.tobytes(), where.tobytes())
        certain = (high - low) / 2 <= self.tolerance * reference
        return 1 - (low + high) / 2 / reference if reference > 0 and certain else math.nan


# as bytes, so that the methods of a model share the distances of their subjects
@lru_cache(maxsize=32)
def _even_map(truth: bytes, where: bytes) -> float:
    """EMD in mm of the even map from a truth (n,) float64 at positions (n, 3) float64."""
    sink = np.frombuffer(truth)
    low, high = earth_movers(np.full(sink.size, 1 / sink.size), sink, np.frombuffer(where).reshape(-1, 3))
    return (low + high) / 2


def _shares(values: np.ndarray) -> np.ndarray:
    """|values| (n,) scaled to sum 1; even for zeros."""
    size = np.abs(values.astype(np.float64))
    total = size.sum()
    return size / total if total > 0 else np.full(size.shape, 1 / size.size)
