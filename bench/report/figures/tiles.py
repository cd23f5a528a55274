"""Figure: many small pictures of volumes on one scale, each with a line of text."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from bench.report.figures import style
from bench.report.figures.compose import DIVERGING, Array

_COLUMNS, _SIZE, _HEAD = 8, 22.0, 14.0


class Tile(NamedTuple):
    """A slice (H, W), row 0 on top, and its caption."""

    caption: str
    values: Array


def slice_picture(volume: Array, axis: int = 1, at: int | None = None) -> Array:
    """The slice of a volume (X, Y, Z) across `axis` as a picture, superior on top; by default its strongest."""
    others = tuple(a for a in range(3) if a != axis)
    place = int(np.abs(volume).sum(others).argmax()) if at is None else at
    return np.rot90(volume.take(place, axis))


def draw(title: str, tiles: Sequence[Tile], unit: str, signed: bool = True, columns: int = _COLUMNS) -> Figure:
    """The tiles in rows of at most `columns`, under one colour bar in `unit`.

    signed: blue to red around 0, up to the 99.5th percentile of |values|; otherwise black to white between the 0.5th
    and the 99.5th percentile.
    """
    values = np.concatenate([np.ravel(t.values) for t in tiles])
    top = float(np.percentile(np.abs(values), 99.5)) or 1.0
    low, high = (-top, top) if signed else map(float, np.percentile(values, (0.5, 99.5)))
    colours, norm = (DIVERGING if signed else "gray"), Normalize(low, high)
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    aspect = max(t.values.shape[0] / t.values.shape[1] for t in tiles)
    with style.journal():
        width = max(columns * _SIZE + 18, 60)
        page = style.figure(width * style.MM, (rows * (_SIZE * aspect + 5) + _HEAD) * style.MM)
        axes = style.grid(page, len(tiles), columns)
        for axis, tile in zip(axes, tiles, strict=True):
            axis.imshow(tile.values, cmap=colours, norm=norm, interpolation="nearest")
            axis.set_title(tile.caption, fontsize=6, pad=2)
            axis.set_axis_off()
        bar = page.colorbar(ScalarMappable(norm, colours), ax=axes, shrink=0.8, pad=0.02)
        bar.set_label(unit)
        page.suptitle(title, fontsize=8)
    return page
