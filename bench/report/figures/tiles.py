"""Figure: many small coronal slices on one scale, each with its caption and the letters of its sides."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from bench.report.figures import style
from bench.report.figures.compose import DIVERGING, Array
from bench.report.load.panels import PLANES, SIDES

_COLUMNS, _SIZE, _CAPTION, _HEAD = 8, 20.0, 7.0, 12.0
#: of the heading: a letter's width, a line's height
_LETTER, _LINE = 1.6, 3.6


class Tile(NamedTuple):
    """A slice (H, W), row 0 on top, and its caption."""

    caption: str
    values: Array


def fullest(volume: Array) -> int:
    """Where the coronal slice of a volume (X, Y, Z) lies that holds most."""
    return int(np.abs(volume).sum((0, 2)).argmax())


def slice_picture(volume: Array, at: int) -> Array:
    """A coronal slice of a volume (X, Y, Z) as a picture, superior on top."""
    return np.rot90(volume.take(at, PLANES["coronal"]))


def draw(title: str, tiles: Sequence[Tile], unit: str, signed: bool = True, columns: int = _COLUMNS) -> Figure:
    """The tiles in rows of at most `columns`, under one colour bar in `unit`.

    signed: blue to red around 0, up to the 99.5th percentile of |values|; otherwise black to white between the 0.5th
    and the 99.5th percentile. Letters tell the subject's own left and right.
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
        heading = textwrap.wrap(f"{title} (coronal, superior on top)", int(width / _LETTER))
        height = rows * (_SIZE * aspect + _CAPTION) + _HEAD + _LINE * (len(heading) - 1)
        page = style.figure(width * style.MM, height * style.MM)
        axes = style.grid(page, len(tiles), columns)
        for axis, tile in zip(axes, tiles, strict=True):
            axis.imshow(tile.values, cmap=colours, norm=norm, interpolation="nearest")
            axis.set_title(tile.caption, fontsize=6, pad=2, linespacing=1.05)
            for x, side in zip((0.0, 1.0), SIDES["coronal"][:2], strict=True):
                axis.text(x, -0.02, side, transform=axis.transAxes, ha="center", va="top", fontsize=5, color=style.GREY)
            axis.set_axis_off()
        bar = page.colorbar(ScalarMappable(norm, colours), ax=axes, shrink=0.8, pad=0.02)
        bar.set_label(unit)
        page.suptitle("\n".join(heading), fontsize=8)
    return page
