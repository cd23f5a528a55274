"""Brain and tissues of a T1-weighted scan, from its intensities alone."""

import numpy as np
from scipy.ndimage import binary_erosion, binary_fill_holes, label

#: share of voxels with the value of the background from which a scan counts as skull-stripped
STRIPPED = 0.2
#: how far from that value background may be, and how far above it what an interpolation adds to it, as shares of the
#: range of intensities; the share at which what lies below it is as much of the brain as what lies above
NEAR, RINGING, BELOW = 0.001, 0.05, 0.25
#: standard deviations of noise above the background at which something else begins
NOISE = 5.0
#: voxels from its rim at which the inside of a brain is looked at
DEEP = 2
BINS, FINE_BINS, ROUNDS = 256, 4096, 100


def foreground(volume: np.ndarray) -> np.ndarray:
    """Where (A, B, C) a scan is not background.

    Background is the most frequent value where much of the scan has it, up to the ringing of an interpolation. What
    lies below it is ringing, and as much above it, unless it is far below: then intensities are on both sides.
    Elsewhere background is noise, and ends well above its median, at most at Otsu's threshold. A voxel at the rim
    belongs to what more than half of it is.
    """
    low, high = (float(value) for value in np.percentile(volume, [0.1, 99.9]))
    if not low < high:
        low, high = float(volume.min()), float(volume.max())
    weight, edges = np.histogram(volume, FINE_BINS, range=(low, high))
    most = weight.argmax()
    background = float(np.median(volume[(volume >= edges[most]) & (volume <= edges[most + 1])]))
    away = np.abs(volume - background) > NEAR * (high - low)
    if 1 - away.mean() <= STRIPPED:
        return _halves(volume, background, _above_noise(np.clip(volume, low, high)))
    below, above = np.percentile(volume[away] - background, [0.5, 99.5]) if away.any() else (0.0, 0.0)
    if -below > BELOW * above:
        return away
    return _halves(volume, background, background + min(background - volume.min(), RINGING * above))


def _halves(volume: np.ndarray, background: float, least: float) -> np.ndarray:
    """Where (A, B, C) voxels above `least` are more than half of something else than background."""
    within = binary_erosion(volume > least, iterations=DEEP)
    darkest = np.percentile(volume[within], 0.5) if within.any() else least
    return volume > max(least, (background + darkest) / 2)


def largest(volume: np.ndarray) -> np.ndarray:
    """Mask (A, B, C) bool of the largest piece of a mask, holes filled."""
    pieces, _ = label(volume)
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


def _above_noise(volume: np.ndarray) -> float:
    """The value at which background that is noise ends."""
    threshold = _otsu(volume)
    dark = volume[volume <= threshold]
    middle = np.median(dark)
    # a normal deviation's median is this part of its standard deviation
    width = np.median(np.abs(dark - middle)) / 0.6745
    return min(threshold, float(middle + NOISE * width))
