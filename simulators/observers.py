"""Reference observers: how separable the classes are, for someone who knows the pathology but not the subject.

An observer turns a subject's image into a few statistics; a linear discriminant fitted on other subjects turns these
into one score. It knows the anatomy's labels and, for random places, the prior; it never sees the subject's label, its
twin or the voxels that were planted.
"""

from typing import Protocol

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.signal import fftconvolve
from scipy.special import logsumexp

from simulators.anatomy.mni152 import Warped
from simulators.contrast import Contrast
from simulators.pathology.focal import Focal, prior


class Observer(Protocol):
    """Statistics of one image: (F,) float64."""

    def features(self, image: np.ndarray, warped: Warped, shape: dict[str, np.ndarray]) -> np.ndarray:
        """(F,) statistics of an image (D, H, W)."""


class FixedPlace:
    """For a pathology of known regions: means of each side, of its surroundings and of the brain; volumes; shape."""

    def __init__(self, regions: tuple[str, ...], names: tuple[str, ...]) -> None:
        labels = {side: [names.index(r) + 1 for r in regions if r.startswith(side)] for side in ("left", "right")}
        both = [names.index(r) + 1 for r in regions]
        self.groups = [group for group in labels.values() if group] or [both]

    def features(self, image: np.ndarray, warped: Warped, shape: dict[str, np.ndarray]) -> np.ndarray:
        """(F,): per side [mean, ring mean, volume], then brain mean and the shape latents."""
        values: list[float] = []
        brain = warped.labels > 0
        for group in self.groups:
            inside = np.isin(warped.labels, group)
            ring = binary_dilation(inside, iterations=2) & brain & ~inside
            values += [float(image[inside].mean()), float(image[ring].mean()), float(inside.sum())]
        return np.array([*values, image[brain].mean(), *shape["scale"], *shape["ventricles"]], np.float64)


class RandomPlace:
    """For a lesion anywhere: matched filters read out over the prior of places.

    Filters are balls of several sizes on two readings of the image: its intensities, and its deviation from healthy
    subjects in units of their spread (a diagonal prewhitening); each is read by its maximum over the prior. The
    whitened one also gives the log-sum-exp of the log-likelihood ratio, which is optimal for independent noise; real
    anatomy correlates neighbouring voxels, so the discriminant weighs all of them.

    mean, spread: (D, H, W) of healthy images.
    """

    SIZES = (1 / 3, 1 / 2, 3 / 4, 1.0)

    def __init__(
        self, pathology: Focal, contrast: Contrast, amplitude: float, mean: np.ndarray, spread: np.ndarray, voxel: float
    ) -> None:
        self.kernels = [ball(size * pathology.radius_mm, pathology.edge_mm, voxel) for size in self.SIZES]
        # what anatomy varies by is never far below the noise of one voxel
        self.mean, self.spread = mean, spread + 0.02
        self.change = amplitude * (contrast.lesion - mean) / self.spread
        self.energy = fftconvolve(self.change**2, self.kernels[-1] ** 2, mode="same")

    def features(self, image: np.ndarray, warped: Warped, shape: dict[str, np.ndarray]) -> np.ndarray:
        """(F,): maxima of all filters, log-sum-exp of the log-likelihood ratio twice, the brain's mean."""
        inside, places = warped.maps[2] > 0.5, prior(warped.maps)
        deviation = np.where(inside, (image - self.mean) / self.spread, 0)
        values = [
            float(fftconvolve(reading, kernel / kernel.sum(), mode="same")[places].max())
            for reading in (image, deviation)
            for kernel in self.kernels
        ]
        ratio = (fftconvolve(deviation * self.change, self.kernels[-1], mode="same") - self.energy / 2)[places]
        values += [float(logsumexp(t * ratio, b=1 / len(ratio)) / t) for t in (0.1, 1.0)]
        return np.array([*values, image[inside].mean()], np.float64)


def ball(radius_mm: float, edge_mm: float, voxel_mm: float) -> np.ndarray:
    """A soft ball (k, k, k), 1 inside and fading over its edge."""
    reach = int(np.ceil((radius_mm + edge_mm) / voxel_mm))
    axes = np.ogrid[(slice(-reach, reach + 1),) * 3]
    distance = voxel_mm * np.sqrt(sum(a**2 for a in axes))
    return 0.5 - 0.5 * np.tanh((distance - radius_mm) / edge_mm)


def discriminant(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights (F,) of Fisher's linear discriminant, with a ridge of 1e-3 of each feature's variance."""
    sick, well = features[labels == 1], features[labels == 0]
    scale = features.std(0) + 1e-12
    within = np.cov((sick - sick.mean(0)).T / scale[:, None]) + np.cov((well - well.mean(0)).T / scale[:, None])
    return np.linalg.solve(within + 1e-3 * np.eye(len(scale)), (sick.mean(0) - well.mean(0)) / scale) / scale
