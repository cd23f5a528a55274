"""Single lesions in a map: which of them it finds, and whether it draws their outline only."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from scipy.ndimage import binary_erosion, label
from scipy.stats import hypergeom

from bench.contracts import Between, BlindSpot, MetricTags, Share, Subjects, bounded
from bench.contracts.sets import mass_set
from metrics._shared.placed import Placed, Space

_TRUTHS = frozenset({"counterfactual", "planted"})


@bounded
@dataclass(frozen=True)
class LesionsFound(Placed):
    """Detection rate of lesions.

    A lesion is a part of B_q connected by faces, edges or corners. It is found if at least the share `least` of its
    voxels, and no fewer than one, is taken: `least` 0 counts every lesion that is touched. Every lesion weighs the
    same. Ties count in expected value under a random order; chance is the expectation of a constant map.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Carass et al., Longitudinal multiple sclerosis lesion segmentation, NeuroImage 2017"
    summary: ClassVar[str] = (
        "Share of the lesions found among the |B_q| largest voxels of the map, corrected for chance."
    )
    tags: ClassVar[MetricTags] = MetricTags("map", True, (-math.inf, 1.0), "skill", truths=_TRUTHS, sets=True)
    question: ClassVar[str] = "How many lesions are found?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "everything beyond the foremost voxels is free",
            "test_blind_spots.py::test_lesions_see_nothing_beyond_the_foremost_voxels",
        ),
    )

    q: Share = 0.9
    least: Annotated[float, Between(0, 1)] = 0.5
    subjects: Subjects = None

    def _subject(self, values: np.ndarray, size: np.ndarray, space: Space) -> float:
        positives = mass_set(size, self.q)
        if not positives.any() or not np.isfinite(values).all():
            return math.nan
        parts = label(space.volume(positives), structure=np.ones((3, 3, 3)))[0][space.inside]
        chance = self._found(np.zeros_like(values), parts)
        return (self._found(values, parts) - chance) / (1 - chance) if chance < 1 else math.nan

    def _found(self, values: np.ndarray, parts: np.ndarray) -> float:
        """Expected share of the parts 1, 2, ... (labels (n,), 0 elsewhere) that the map finds."""
        taken = int((parts > 0).sum())
        least_value = np.partition(values, -taken)[-taken]
        above, tied = values > least_value, values == least_value
        sizes, sure, open_ = (np.bincount(parts[which])[1:] for which in (parts > 0, above, tied))
        sure, open_ = (np.pad(counts, (0, sizes.size - counts.size)) for counts in (sure, open_))
        needed = np.maximum(np.ceil(self.least * sizes - 1e-9), 1)
        missing = hypergeom(tied.sum(), open_, taken - above.sum()).cdf(needed - sure - 1)
        return float(1 - missing.mean())


@bounded
@dataclass(frozen=True)
class RimToCore(Placed):
    """Balance of a map between rim and core of lesions.

    The rim is the voxels of B_q with a face on a voxel outside it, one voxel thick at any resolution. A map of zeros
    is even; undefined where no voxel is core. No map is right at one value: compare with the oracle, which has the
    truth's own.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Adebayo et al., NeurIPS 2018 (maps that draw edges)"
    summary: ClassVar[str] = (
        "Mean |map| on the rim of B_q over the sum of its means on rim and core: 1/2 even, 1 an outline, 0 a core."
    )
    tags: ClassVar[MetricTags] = MetricTags("map", False, (0.0, 1.0), "share", truths=_TRUTHS, sets=True)
    question: ClassVar[str] = "Is a lesion drawn as an outline?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("a map without any lesion is neither", "test_lesions.py::test_rim_and_core_of_a_cube"),
    )

    q: Share = 0.99
    subjects: Subjects = None

    def _subject(self, values: np.ndarray, size: np.ndarray, space: Space) -> float:
        positives = mass_set(size, self.q)
        core = binary_erosion(space.volume(positives))[space.inside]
        if not core.any() or not np.isfinite(values).all():
            return math.nan
        mass = np.abs(values.astype(np.float64))
        rim, middle = mass[positives & ~core].mean(), mass[core].mean()
        return float(rim / (rim + middle)) if rim + middle > 0 else 0.5
