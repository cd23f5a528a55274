"""A map on the brain it explains, as an RGB picture: the one way maps are shown, in figures and on the page."""

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Array = NDArray[Any]
#: blue for negative, red for positive; the ends differ in lightness from the grey beneath and from each other in hue
DIVERGING = LinearSegmentedColormap.from_list(
    "plumbline", ["#053061", "#2166ac", "#67a9cf", "#f7f7f7", "#f4a05c", "#d6441f", "#7f0d12"]
)
ZOOM = 8
CONTOUR = np.array([0.0, 0.0, 0.0])
HALO = np.array([1.0, 1.0, 1.0])


def overlay(brain: Array, values: Array, scale: float, truth: Array | None = None) -> Array:
    """RGB (Z H, Z W, 3) in 0..1 of values (H, W) on brain uint8 (H, W), both enlarged Z times.

    Colour runs symmetrically from -scale to scale and is as opaque as the value is large, so 0 shows the bare brain.
    truth (H, W): outlined where |truth| is at least half of its largest value in the slice.
    """
    share = enlarged(np.clip(values / scale, -1, 1) if scale > 0 else np.zeros_like(values, dtype=float), 0)
    opacity = np.clip(1.6 * np.abs(share), 0, 1)[..., None]
    picture = (1 - opacity) * anatomy(brain) + opacity * DIVERGING((share + 1) / 2)[..., :3]
    return picture if truth is None else outlined(picture, truth)


def anatomy(brain: Array) -> Array:
    """The brain alone in light grey on white, RGB (Z H, Z W, 3)."""
    grey = np.clip(enlarged(brain.astype(float) / 255, 1), 0, 1)
    inside = enlarged((brain > 0).astype(float), 1)
    return np.repeat((inside * (0.25 + 0.65 * grey) + (1 - inside))[..., None], 3, axis=2)


def outlined(picture: Array, truth: Array) -> Array:
    """The picture with the truth's outline: black inside a white rim, seen on any colour."""
    size = np.abs(truth)
    inside = enlarged(((size > 0) & (size >= size.max() / 2)).astype(float), 0) > 0.5
    line = inside & ~ndimage.binary_erosion(inside, border_value=1)
    rim = ndimage.binary_dilation(inside) & ~inside
    return np.where(line[..., None], CONTOUR, np.where(rim[..., None], HALO, picture))


def fewer_colours(picture: Array) -> Array:
    """An RGB picture in 0..1 in 96 colours and white, as uint8: no difference to the eye, a third of the bytes."""
    whole = np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    palette = Image.fromarray(whole).quantize(96, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return np.where((whole == 255).all(-1, keepdims=True), np.uint8(255), np.asarray(palette.convert("RGB")))


def enlarged(image: Array, order: int) -> Array:
    """image (H, W) enlarged `ZOOM` times; order 0 keeps voxels as squares, 1 interpolates."""
    if order == 0:
        return np.kron(image, np.ones((ZOOM, ZOOM)))
    return ndimage.zoom(image, ZOOM, order=order, mode="nearest", grid_mode=True)
