"""Reference observers: how separable the classes are, for someone who knows the pathology but not the subject.

An observer turns a subject's image into a few statistics; a discriminant fitted on other subjects turns these into one
score. It knows the anatomy's labels and, for random places, the prior; it never sees the subject's label, its twin or
the voxels that were planted. A pathology names its observer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy.fft import irfftn, next_fast_len, rfftn
from scipy.ndimage import binary_dilation, uniform_filter
from scipy.special import logsumexp

from bench.contracts import RegionName
from simulators.anatomy.protocol import Warped
from simulators.contrast import Contrast
from simulators.space.place import Place


class Known(NamedTuple):
    """Knowledge that an observer has before it sees a subject.

    pathology: the law of what it looks for. names: region names in label order. healthy: draws images (n, D, H, W) of
    healthy subjects. seen: regions that the parts on the dial name, which their observers look at.
    """

    pathology: Any
    names: tuple[str, ...]
    contrast: Contrast
    amplitude: float
    voxel_mm: float
    healthy: Callable[[], np.ndarray]
    seen: frozenset[str]


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
    """For texture in known regions: the energy of what a 3-voxel mean leaves over, there and in the brain."""

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): log energy of each place and of the brain, then what `FixedPlace` sees."""
        energy = (image - uniform_filter(image, 3)) ** 2
        places = [*(np.isin(warped.labels, group) for group in self.groups), warped.brain]
        logs = [float(np.log(_mean(energy[place]) + 1e-9)) for place in places]
        return np.concatenate([logs, super().features(image, warped, shape)])


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


class Filters:
    """Kernels that volumes of one grid are convolved with, zero beyond the grid; their transforms are kept."""

    def __init__(self, kernels: Sequence[np.ndarray], grid: tuple[int, ...]) -> None:
        reach = np.max([kernel.shape for kernel in kernels], axis=0)
        self.size = [next_fast_len(int(n + k - 1), real=True) for n, k in zip(grid, reach, strict=True)]
        self.transforms = [rfftn(kernel, self.size) for kernel in kernels]
        self.crops = [
            tuple(slice((k - 1) // 2, (k - 1) // 2 + n) for n, k in zip(grid, kernel.shape, strict=True))
            for kernel in kernels
        ]

    def apply(self, volume: np.ndarray) -> list[np.ndarray]:
        """The volume (D, H, W) convolved with each kernel, on its own grid."""
        transform = rfftn(volume, self.size)
        return [irfftn(transform * h, self.size)[crop] for h, crop in zip(self.transforms, self.crops, strict=True)]


def unexplained(image: np.ndarray, warped: Warped) -> np.ndarray:
    """The rest (D, H, W) of an image inside the brain after one intensity for each of the subject's tissues."""
    gm, wm, brain, detail = warped.maps
    inside = brain > 0.5
    tissues = np.stack([part[inside] for part in (gm, wm, brain - gm - wm, detail)], -1).astype(np.float64)
    intensities = np.linalg.lstsq(tissues, image[inside], rcond=None)[0]
    left = np.zeros_like(image)
    left[inside] = image[inside] - tissues @ intensities
    return left


class RandomPlace:
    """For a lesion anywhere: matched filters read out over the prior of places.

    Filters are balls of several sizes on three readings of the image: its intensities, their deviation from healthy
    subjects in units of their spread (a diagonal prewhitening), and what the subject's own tissues do not explain; each
    is read by its maximum over the prior. The whitened one also gives the log-sum-exp of the log-likelihood ratio,
    which is optimal for independent noise; real anatomy correlates neighbouring voxels, so the discriminant weighs all.
    """

    SIZES = (1 / 3, 1 / 2, 3 / 4, 1.0)

    def __init__(self, known: Known) -> None:
        law, healthy = known.pathology, known.healthy()
        self.known = known
        kernels = [ball(size * law.radius_mm, law.edge_mm, known.voxel_mm) for size in self.SIZES]
        # what anatomy varies by is never far below the noise of one voxel
        self.mean, self.spread = healthy.mean(0), healthy.std(0) + 0.02
        self.change = known.amplitude * (known.contrast.lesion - self.mean) / self.spread
        grid = self.mean.shape
        self.means = Filters([kernel / kernel.sum() for kernel in kernels], grid)
        self.match = Filters(kernels[-1:], grid)
        self.energy = Filters([kernels[-1] ** 2], grid).apply(self.change**2)[0]

    @classmethod
    def of(cls, known: Known) -> "RandomPlace":
        """The observer of a pathology with `radius_mm`, `edge_mm` and a prior `places`."""
        return cls(known)

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): readings of all filters, log-sum-exp of the log-likelihood ratio twice, the brain's mean."""
        inside = warped.maps[2] > 0.5
        prior = self.known.pathology.places(Place(warped, self.known.names, self.known.voxel_mm))
        places = prior > 0
        deviation = np.where(inside, (image - self.mean) / self.spread, 0)
        values = [
            value
            for reading in (image, deviation, unexplained(image, warped))
            for filtered in self.means.apply(reading)
            for value in self.read(filtered[places])
        ]
        ratio = (self.match.apply(deviation * self.change)[0] - self.energy / 2)[places]
        weight = prior[places] / prior[places].sum()
        values += [float(logsumexp(t * ratio, b=weight) / t) for t in (0.1, 1.0)]
        return np.array([*values, image[inside].mean()], np.float64)

    def read(self, filtered: np.ndarray) -> list[float]:
        """Statistics of a filter's answers (n,) over the prior."""
        return [float(filtered.max())]


class ManyPlaces(RandomPlace):
    """For several lesions: as for one, but answers below the highest count too."""

    def read(self, filtered: np.ndarray) -> list[float]:
        """The maximum, upper quantiles and mean."""
        return [float(filtered.max()), *np.quantile(filtered, (0.75, 0.9, 0.97)), float(filtered.mean())]


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


def ball(radius_mm: float, edge_mm: float, voxel_mm: float) -> np.ndarray:
    """A soft ball (k, k, k), 1 inside and fading over its edge."""
    reach = int(np.ceil((radius_mm + edge_mm) / voxel_mm))
    axes = np.ogrid[(slice(-reach, reach + 1),) * 3]
    distance = voxel_mm * np.sqrt(sum(a**2 for a in axes))
    return 0.5 - 0.5 * np.tanh((distance - radius_mm) / edge_mm)
