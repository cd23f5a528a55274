"""Slices through a brain as RGB pictures on black, the way a radiologist looks at them."""

from colorsys import hsv_to_rgb

import numpy as np
from scipy import ndimage

from bench.columns.region_names import RegionName
from bench.report.figures.compose import DIVERGING, Array, enlarged

#: neighbouring hues of this step never repeat (the golden section), so any number of regions is told apart
_HUE_STEP = 0.618034
#: pixels a picture is about printed with: lines keep their width however fine the voxels are
_PRINTED = 220


def grey(image: Array, top: float) -> Array:
    """An image (H, W) as RGB, black at 0 and white at `top`, interpolated."""
    return np.repeat(np.clip(enlarged(image / top, 1), 0, 1)[..., None], 3, axis=2)


def signed(values: Array, scale: float, inside: Array) -> Array:
    """Values (H, W) as RGB from -scale to scale, inside (H, W, bool) only."""
    colours = DIVERGING((np.clip(enlarged(values, 1) / scale, -1, 1) + 1) / 2)[..., :3]
    return np.asarray(colours * (enlarged(inside.astype(float), 1) > 0.5)[..., None])


def overlay(base: Array, values: Array, scale: float) -> Array:
    """The picture `base` under values (H, W), as opaque as these are large; voxels stay squares."""
    share = enlarged(np.clip(values / scale, -1, 1), 0)
    opacity = np.clip(1.6 * np.abs(share), 0, 0.9)[..., None]
    return np.asarray((1 - opacity) * base + opacity * DIVERGING((share + 1) / 2)[..., :3])


def outlines(base: Array, labels: Array, colours: Array) -> Array:
    """The picture `base` with each region of labels (H, W) outlined on its inside; colours (R + 1, 3)."""
    large = enlarged(labels, 0).astype(int)
    around = 1 + 2 * max(1, round(len(large) / _PRINTED))
    edge = ndimage.maximum_filter(large, around) != ndimage.minimum_filter(large, around)
    edge &= large > 0
    return np.where(edge[..., None], colours[large], base)


def palette(names: tuple[str, ...]) -> Array:
    """Colours (R + 1, 3) of labels 0 to R; a region and its counterpart on the other side share one."""
    kinds = [RegionName.of(name).structure for name in names]
    order = {kind: k for k, kind in enumerate(dict.fromkeys(kinds))}
    hues = [hsv_to_rgb(order[kind] * _HUE_STEP % 1, 0.55 + 0.4 * (order[kind] % 2), 1.0) for kind in kinds]
    return np.array([(0.0, 0.0, 0.0), *hues])
