"""Brain and tissues of a T1-weighted scan, from its intensities alone."""

import numpy as np
from scipy.ndimage import binary_fill_holes, label

#: share of voxels with the lowest value from which a scan counts as skull-stripped
STRIPPED = 0.2
BINS, ROUNDS = 256, 100


def brain(volume: np.ndarray) -> np.ndarray:
    """Mask (A, B, C) bool of the brain: the largest piece of what is not background, holes filled.

    Background is the lowest value where much of the scan has exactly that, else what Otsu's threshold leaves below.
    """
    lowest = volume.min()
    stripped = (volume == lowest).mean() > STRIPPED
    pieces, _ = label(volume > (lowest if stripped else _otsu(volume)))
    sizes = np.bincount(pieces.ravel())[1:]
    return binary_fill_holes(pieces == 1 + sizes.argmax())


def tissues(volume: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Memberships (3, A, B, C) of grey matter, white matter and fluid within the mask, and their mean intensities.

    Three Gaussians of one width are fitted to the histogram by expectation-maximisation; in T1 fluid is darkest and
    white matter brightest. Source: a mixture of Gaussians as in Ashburner & Friston 1997, NeuroImage 6:209, without
    their priors. The means are not finite or not in order where the scan does not have three intensities.
    """
    weight, edges = np.histogram(volume[mask], BINS, range=np.percentile(volume[mask], [0.5, 99.5]))
    means, width, shares = _fit((edges[:-1] + edges[1:]) / 2, weight / weight.sum())
    memberships = np.zeros((3, *volume.shape), np.float32)
    # fluid comes last, as in the contrasts
    memberships[:, mask] = np.roll(_memberships(volume[mask], means, width, shares), -1, axis=0)
    return memberships, np.roll(means, -1).astype(np.float32)


def _fit(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Means (3,) in rising order, common standard deviation and shares (3,) of three Gaussians of one width.

    A width of its own would let grey matter spread over all mixed voxels and both neighbours.
    """
    means = np.interp([0.05, 0.4, 0.85], np.cumsum(weights), values)
    width, shares = float(values[-1] - values[0]) / 10, np.full(3, 1 / 3)
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(ROUNDS):
            belongs = _memberships(values, means, width, shares) * weights
            shares = belongs.sum(1)
            means = belongs @ values / shares
            width = float(np.sqrt((belongs * (values - means[:, None]) ** 2).sum()))
    return means, width, shares


def _memberships(values: np.ndarray, means: np.ndarray, width: float, shares: np.ndarray) -> np.ndarray:
    """Posterior (3, n) of the classes."""
    logs = np.log(shares)[:, None] - 0.5 * ((values - means[:, None]) / width) ** 2
    likelihood = np.exp(logs - logs.max(0))
    return likelihood / likelihood.sum(0)


def _otsu(volume: np.ndarray) -> float:
    """The threshold that parts a histogram into the two most different classes. Source: Otsu 1979, IEEE SMC 9:62."""
    weight, edges = np.histogram(volume, BINS)
    centre = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(weight), np.cumsum(weight * centre)
    above = below[-1] - below
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    return float(edges[1:][np.nanargmax(between)])
