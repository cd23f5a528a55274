"""Panels of one size on paper of a journal's column width, each with room around it for its names; all in mm."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.figures import style

#: of text of 6 points: a letter's width, a line's height
_LETTER, _LINE = 1.25, 2.9
_MARGIN = 2.0
#: of a legend: what stands beside a name, a row's height
_KEY, _ROW = 9.0, 3.6
_LEADER = {
    "arrowstyle": "-", "color": style.GREY, "linewidth": 0.35, "shrinkA": 0.5, "shrinkB": 2.2, "relpos": (0, 0.5),
}  # fmt: skip


class Room(NamedTuple):
    """What a panel needs around it."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Frames:
    """Panels of a page, `columns` side by side. foot: what lies below the last row, legend and note."""

    count: int
    columns: int
    height: float
    room: Room
    foot: float = 0.0

    @property
    def page(self) -> float:
        """The width of the paper."""
        return paper(self.count)

    @property
    def width(self) -> float:
        """The width of a panel without its room."""
        return self.page / (1 if self.count == 1 else self.columns) - self.room.left - self.room.right

    @property
    def row(self) -> float:
        """The height of a panel with its room."""
        return self.room.top + self.height + self.room.bottom

    @property
    def total(self) -> float:
        """The height of the paper."""
        return -(-self.count // self.columns) * self.row + self.foot

    def draw(self) -> tuple[Figure, list[Axes]]:
        """The paper and its panels, row by row."""
        figure = style.figure(self.page * style.MM, self.total * style.MM)
        figure.set_layout_engine("none")
        return figure, [self._panel(figure, *divmod(k, self.columns)) for k in range(self.count)]

    def _panel(self, figure: Figure, row: int, column: int) -> Axes:
        left = column * (self.page / self.columns) + self.room.left
        bottom = self.total - row * self.row - self.room.top - self.height
        size = self.width / self.page, self.height / self.total
        return figure.add_axes((left / self.page, bottom / self.total, *size))


def paper(count: int) -> float:
    """The width of paper for so many panels: of one column of a journal for one, else of two."""
    return (style.SINGLE if count == 1 else style.DOUBLE) / style.MM


def square(count: int, most: int) -> int:
    """The columns of so many panels: two where they make a square, else as many as fit."""
    return 2 if count == 4 else most


def paged(items: list[Any], columns: int, height: float, room: Room, foot: float) -> Iterator[list[Any]]:
    """The items of each page: as many rows of panels as fit above the foot."""
    rows = max(1, int((style.TALLEST / style.MM - foot) // (room.top + height + room.bottom)))
    yield from (items[start : start + rows * columns] for start in range(0, len(items), rows * columns))


def lines(text: str, count: int) -> list[str]:
    """The lines of a note below so many panels."""
    return textwrap.wrap(text, int((paper(count) - 2 * _MARGIN) / _LETTER))


def foot(notes: list[str]) -> float:
    """The height of a note at the foot of a page."""
    return _LINE * len(notes) + _MARGIN


def write_foot(figure: Figure, notes: list[str]) -> None:
    """The lines of a note at the lower left of a page."""
    wide, high = (inches / style.MM for inches in figure.get_size_inches())
    at = _MARGIN / wide, _MARGIN / high
    figure.text(*at, "\n".join(notes), ha="left", va="bottom", fontsize=6, color=style.GREY, linespacing=1.15)


def legend_foot(handles: list[Any], count: int) -> float:
    """The height of a legend below so many panels."""
    return _ROW * -(-len(handles) // _legend_columns(handles, count)) + _MARGIN


def write_legend(figure: Figure, handles: list[Any], count: int, above: float = 0.0) -> None:
    """A legend in the middle, so many mm above the lower end of the paper."""
    up = (above + _MARGIN / 2) / (figure.get_size_inches()[1] / style.MM)
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, up), ncols=_legend_columns(handles, count),
                  fontsize=6, handlelength=1.6, columnspacing=1.4, borderpad=0, borderaxespad=0)  # fmt: skip


def _legend_columns(handles: list[Any], count: int) -> int:
    """As many columns, each as wide as its longest name, as the paper is wide enough for."""
    widths = [_KEY + style.text_width(str(handle.get_label()), 6) for handle in handles]
    free = paper(count) - 2 * _MARGIN

    def width(columns: int) -> float:
        return sum(max(part) for part in np.array_split(widths, columns))

    return next((columns for columns in range(len(handles), 1, -1) if width(columns) <= free), 1)


def head(axis: Axes, title: str, under: str, width: float, indent: float = 0.0) -> None:
    """The title of a panel, what stands in grey under it, both cut to this width in mm, from `indent` mm left of it."""
    left = -indent * style.MM * 72
    texts = (style.shortened(title, width, 7), 11.0, "black"), (style.shortened(under, width, 7), 3.0, style.GREY)
    for text, points, colour in texts:
        axis.annotate(text, (0, 1), (left, points), xycoords="axes fraction", textcoords="offset points", fontsize=7,
                      color=colour)  # fmt: skip


def names_beside(axis: Axes, height: float, names: list[tuple[str, float, float, str]], width: float) -> None:
    """Names of marks (name, x, y in data, role) right of a panel of this height, with leaders.

    They stand in the order of their marks, moved apart until none covers another; each is cut to this width.
    """
    to_share = axis.transData + axis.transAxes.inverted()
    placed = sorted((float(to_share.transform((x, y))[1]), x, y, name, role) for name, x, y, role in names)
    ups = apart([share for share, *_ in placed], _LINE / height)
    for (_, x, y, name, role), up in zip(placed, ups, strict=True):
        slant = "normal" if role == "method" else "italic"
        axis.annotate(style.shortened(name, width), (x, y), (1.06, up), textcoords="axes fraction", fontsize=6,
                      style=slant, va="center", ha="left", annotation_clip=False, arrowprops=_LEADER)  # fmt: skip


def apart(places: list[float], least: float) -> list[float]:
    """Sorted places at least so far apart, below 1, and above 0 as long as they fit, as near to where they were."""
    ups: list[float] = []
    for place in places:
        ups.append(max(place, ups[-1] + least) if ups else max(place, 0.0))
    # a name is centred on its place, and a title stands above
    top = 1 - least / 2
    for k in range(len(ups) - 1, -1, -1):
        ups[k] = min(ups[k], top)
        top = ups[k] - least
    return ups
