"""Pattern of a reference observer: the weight of every place of the brain, learnt from other subjects' images.

Statistics of whole regions lose what lies within them, and what the rest of the brain tells of a subject's anatomy. The
pattern is the Hotelling observer's template with a ridge (Barrett and Myers 2004, Foundations of Image Science, 13.2),
found as kernel ridge regression of the sides on the images, and its response is one statistic more.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

#: SD of the Gaussian that images are blurred with, and the distance at which they are read
BLUR_MM = 5.0
#: the ridge, as a share of the mean squared norm of an image
RIDGE = 0.1

Response = Callable[[np.ndarray], np.ndarray]


def places_read(brain: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Voxels (D, H, W) bool that are read: those that hold brain in the template, about `BLUR_MM` apart.

    brain: (D, H, W) the share of brain.
    """
    step = max(1, round(BLUR_MM / voxel_mm))
    read = np.zeros(brain.shape, bool)
    read[::step, ::step, ::step] = True
    return read & (brain > 0)


def values_read(image: np.ndarray, read: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Values (V,) float32 of a blurred image (D, H, W) at the places read."""
    values: np.ndarray = gaussian_filter(image, BLUR_MM / voxel_mm)[read]
    return values.astype(np.float32)


def template(images: np.ndarray, values: np.ndarray) -> Response:
    """The response (n,) to images (n, V), learnt from images (m, V) and values (m,), classes or numbers.

    Ridge regression in its dual form: w = Z' (Z Z' + r I)^-1 t for centred images Z and targets t.
    """
    mean, centred = images.mean(0), values - values.mean()
    z = images - mean
    kernel = (z @ z.T).astype(np.float64)
    ridge = RIDGE * np.trace(kernel) / len(kernel)
    weights = (np.linalg.solve(kernel + ridge * np.eye(len(kernel)), centred) @ z).astype(np.float32)
    return lambda seen: (seen - mean) @ weights


def responses(images: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The response (m,) to each of the images that a template is learnt from, by the template of the other half."""
    half = len(images) // 2
    first, second = slice(None, half), slice(half, None)
    return np.concatenate([template(images[b], values[b])(images[a]) for a, b in ((first, second), (second, first))])
