"""Views of a map: its sign and smoothing before a map metric scores it."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from bench.contracts import View

#: standard deviation of a Gaussian of full width at half maximum 1
SIGMA = 1 / np.sqrt(8 * np.log(2))


def look(maps: Tensor, view: View, affine: np.ndarray) -> Tensor:
    """Maps (N, 1, D, H, W) through a view: first the sign, then Gaussian smoothing of `fwhm_mm`, zero outside."""
    signed = {
        "abs": maps.abs,
        "signed": lambda: maps,
        "positive": lambda: maps.clamp(min=0),
        "negative": lambda: (-maps).clamp(min=0),
    }[view.sign]()
    if view.fwhm_mm == 0:
        return signed
    sigma = view.fwhm_mm * SIGMA / np.linalg.norm(affine[:3, :3], axis=0)
    smooth = gaussian_filter(signed.numpy(), (0, 0, *sigma), mode="constant")
    return torch.from_numpy(smooth)
