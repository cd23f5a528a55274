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
from simulators.contrast import T1
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
    """For a lesion anywhere: log-sum-exp over the prior of the prewhitened matched filter's log-likelihood ratio.

    mean, variance: (D, H, W) of healthy images, from which every place's expected change is known. Individual anatomy
    correlates neighbouring voxels, which a diagonal whitening ignores; the zero-mean filter and several temperatures
    let the discriminant allow for it.
    """

    def __init__(
        self, pathology: Focal, contrast: T1, amplitude: float, mean: np.ndarray, variance: np.ndarray, voxel_mm: float
    ) -> None:
        reach = int(np.ceil((pathology.radius_mm + pathology.edge_mm) / voxel_mm))
        axes = np.ogrid[(slice(-reach, reach + 1),) * 3]
        distance = voxel_mm * np.sqrt(sum(a**2 for a in axes))
        ball = 0.5 - 0.5 * np.tanh((distance - pathology.radius_mm) / pathology.edge_mm)
        self.kernels = [ball, ball - ball.mean()]
        self.mean, self.change = mean, -amplitude * np.clip(mean - contrast.csf, 0, None)
        self.variance = variance + 1e-4
        self.energy = [fftconvolve(self.change**2 / self.variance, k**2, mode="same") for k in self.kernels]

    def features(self, image: np.ndarray, warped: Warped, shape: dict[str, np.ndarray]) -> np.ndarray:
        """(F,): log-sum-exp at three temperatures and maximum of each filter, and the brain's mean."""
        inside, places = warped.maps[2] > 0.5, prior(warped.maps)
        evidence = np.where(inside, (image - self.mean) * self.change / self.variance, 0)
        values = [float(image[inside].mean())]
        for kernel, energy in zip(self.kernels, self.energy, strict=True):
            ratio = (fftconvolve(evidence, kernel, mode="same") - energy / 2)[places]
            values += [float(logsumexp(t * ratio) / t - np.log(len(ratio)) / t) for t in (0.03, 0.1, 0.3)]
            values.append(float(ratio.max()))
        return np.array(values, np.float64)


def discriminant(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights (F,) of Fisher's linear discriminant, with a ridge of 1e-3 of each feature's variance."""
    sick, well = features[labels == 1], features[labels == 0]
    scale = features.std(0) + 1e-12
    within = np.cov((sick - sick.mean(0)).T / scale[:, None]) + np.cov((well - well.mean(0)).T / scale[:, None])
    return np.linalg.solve(within + 1e-3 * np.eye(len(scale)), (sick.mean(0) - well.mean(0)) / scale) / scale
