"""Reference observers: how separable the classes are, for someone who knows the pathology but not the subject.

An observer turns a subject's image into a few statistics; a discriminant fitted on other subjects turns these into one
score. It knows the anatomy's labels and, for random places, the prior; it never sees the subject's label, its twin or
the voxels that were planted. A pathology names its observer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy.ndimage import binary_dilation, laplace

from bench.contracts import RegionName
from simulators.anatomy.protocol import Warped
from simulators.contrast import Contrast

#: healthy subjects by whom the usual energy of a voxel is known, and what is added to it, as a share of its mean
HEALTHY, FLAT = 100, 0.01


class Known(NamedTuple):
    """Knowledge that an observer has before it sees a subject.

    pathology: the law of what it looks for. names: region names in label order. healthy: images (D, H, W) of so many
    healthy subjects, each with its anatomy. seen: regions that the parts on the dial name, which their observers look
    at. by_side: whether the regions of one side are read together only, so that pathologies of other numbers of regions
    have as many statistics.
    """

    pathology: Any
    names: tuple[str, ...]
    contrast: Contrast
    amplitude: float
    voxel_mm: float
    healthy: Callable[[int], Iterable[tuple[np.ndarray, Warped]]]
    seen: frozenset[str]
    by_side: bool = False


class Observer(Protocol):
    """Statistics of one image: (F,) float64."""

    @classmethod
    def of(cls, known: Known) -> "Observer":
        """The observer of a pathology."""

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,) statistics of an image (D, H, W)."""


class FixedPlace:
    """For a pathology of known regions: means of each place, of its surroundings and of the brain; volumes; shape.

    A place is the regions of one side or of the midline, or the same regions on a healthy other side: what a subject's
    two sides share tells nothing of the pathology, and what is left of it does.
    """

    def __init__(self, regions: tuple[str, ...], names: tuple[str, ...], seen: frozenset[str] = frozenset()) -> None:
        known = {*regions, *seen}
        others = [str(RegionName.of(region).other) for region in regions]
        healthy = [other for other in others if other in names and other not in known]
        self.groups = [group for chosen in (regions, healthy) for group in _by_side(chosen, names)]

    @classmethod
    def of(cls, known: Known) -> "FixedPlace":
        """The observer of the pathology's own regions."""
        return cls(known.pathology.regions, known.names, known.seen)

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): per place [mean, ring mean, volume], then brain mean and the shape latents."""
        values: list[float] = []
        brain = warped.brain
        for group in self.groups:
            inside = np.isin(warped.labels, group)
            ring = binary_dilation(inside, iterations=2) & brain & ~inside
            values += [_mean(image[inside]), _mean(image[ring]), float(inside.sum())]
        return np.array([*values, image[brain].mean(), *shape["scale"], *shape["ventricles"]], np.float64)


class AroundPlace(FixedPlace):
    """For what lies around known landmarks: the same of the landmarks, of which the surroundings tell."""

    @classmethod
    def of(cls, known: Known) -> "AroundPlace":
        """The observer of the pathology's own landmarks."""
        return cls(known.pathology.landmarks, known.names, known.seen)


def _by_side(regions: Sequence[str], names: tuple[str, ...]) -> list[list[int]]:
    """Labels of the left, right and midline regions, without empty groups."""
    groups: dict[str, list[int]] = {"left": [], "right": [], "": []}
    for region in regions:
        groups[RegionName.of(region).side].append(names.index(region) + 1)
    return [group for group in groups.values() if group]


def _mean(values: np.ndarray) -> float:
    """The mean; 0 where a box cuts the region off."""
    return float(values.mean()) if values.size else 0.0


class LocalEnergy(FixedPlace):
    """For texture in known regions: the energy of differences from a voxel's neighbours, there and in the brain.

    Folds and boundaries differ more from their neighbours than grain does, so a voxel counts by what it has beyond
    healthy subjects. usual: their mean energy (D, H, W).
    """

    def __init__(
        self,
        regions: tuple[str, ...],
        names: tuple[str, ...],
        seen: frozenset[str] = frozenset(),
        usual: np.ndarray | float = 1.0,
    ) -> None:
        super().__init__(regions, names, seen)
        self.usual = usual

    @classmethod
    def of(cls, known: Known) -> "LocalEnergy":
        """The observer of the pathology's own regions, by healthy subjects."""
        return cls(known.pathology.regions, known.names, known.seen, _usual(known.healthy))

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): log energy of each place and of the brain, then what `FixedPlace` sees."""
        energy = _energy(image) / self.usual
        places = [*(np.isin(warped.labels, group) for group in self.groups), warped.brain]
        logs = [float(np.log(_mean(energy[place]) + 1e-9)) for place in places]
        return np.concatenate([logs, super().features(image, warped, shape)])


@lru_cache(maxsize=1)
def _usual(healthy: Callable[[int], Iterable[tuple[np.ndarray, Warped]]]) -> np.ndarray:
    """Mean energy (D, H, W) of healthy subjects, the same for every place that an observer looks at."""
    usual: np.ndarray = np.mean([_energy(image) for image, _ in healthy(HEALTHY)], axis=0)
    # a voxel where healthy subjects are flat would outweigh all others
    return usual + FLAT * usual.mean()


def _energy(image: np.ndarray) -> np.ndarray:
    """(D, H, W): the square of six times the difference from the mean of the six neighbours."""
    return laplace(image) ** 2


class WholeBrain:
    """For a pathology without a place: the distribution of the brain's intensities, its volume, shape."""

    QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)

    @classmethod
    def of(cls, known: Known) -> "WholeBrain":
        """The same for every pathology."""
        return cls()

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): quantiles, mean and SD of the brain, its volume, shape latents."""
        brain = image[warped.brain]
        values = [*np.quantile(brain, self.QUANTILES), brain.mean(), brain.std(), brain.size]
        return np.array([*values, *shape["scale"], *shape["ventricles"]], np.float64)


class Joint:
    """For several pathologies: what the observers of all parts on the dial see."""

    def __init__(self, observers: list[Observer]) -> None:
        self.observers = observers

    @classmethod
    def of(cls, known: Known) -> "Joint":
        """The observers of the parts."""
        return cls([part.observer.of(known._replace(pathology=part)) for part in known.pathology.dialled])

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): one observer's statistics after the other's."""
        return np.concatenate([observer.features(image, warped, shape) for observer in self.observers])
