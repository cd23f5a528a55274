"""Views of a map: its sign and smoothing before a map metric scores it."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from bench.contracts import View

#: standard deviation of a Gaussian of full width at half maximum 1
SIGMA = 1 / np.sqrt(8 * np.log(2))


def look(maps: Tensor, view: View, affine: np.ndarray) -> Tensor:
    """Maps (N, 1, D, H, W) through a view: first the sign, then Gaussian smoothing, zero outside.

    One Gaussian after another is one whose squared width is the sum of theirs.
    """
    signed = {
        "abs": maps.abs,
        "signed": lambda: maps,
        "positive": lambda: maps.clamp(min=0),
        "negative": lambda: (-maps).clamp(min=0),
    }[view.sign]()
    widths = np.hypot(view.fwhm_mm / np.linalg.norm(affine[:3, :3], axis=0), view.fwhm_voxels)
    if not widths.any():
        return signed
    sigma = widths * SIGMA
    smooth = gaussian_filter(signed.numpy(), (0, 0, *sigma), mode="constant")
    return torch.from_numpy(smooth)
