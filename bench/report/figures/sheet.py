"""The page on which a portrait is drawn: places in mm, one scale of the brain for every picture, and labels."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from bench.report.figures import style
from bench.report.figures.compose import Array

_LEFT, _HEAD, _FOOT, _GAP, _CAPTION, _MARGIN = 20.0, 19.0, 11.0, 0.7, 5.0, 2.0
#: of the title and of the facts below it: a letter's width, a line's height
_LETTER, _SMALL_LETTER, _LINE, _SMALL_LINE = 2.2, 1.3, 4.4, 3.2
#: length of the ruler, mm of brain
RULER = 50
_PALE = "#e8eaed"
#: keeps pale letters readable on a bright brain
_RIM = withStroke(linewidth=0.8, foreground="black")


class Plane(NamedTuple):
    """A plane: the axis it cuts, the letters at its left, right, bottom and top."""

    name: str
    axis: int
    letters: str

    def size(self, box: Sequence[float]) -> tuple[float, float]:
        """Width and height of the plane's pictures of a box (x, y, z)."""
        width, height = (edge for axis, edge in enumerate(box) if axis != self.axis)
        return width, height


class Bar(NamedTuple):
    """The scale of a column's colours."""

    colours: Colormap | str
    low: float
    high: float


class Position(NamedTuple):
    """Patient, plane and column."""

    patient: int
    row: int
    column: int


@dataclass(frozen=True)
class PortraitSheet:
    """box: edges of the brain's box in mm (x, y, z). zoom: mm of paper a mm of brain. width, height: of the paper.

    heading: the lines of its title, then of its facts.
    """

    figure: Figure
    box: tuple[float, ...]
    views: Sequence[Plane]
    zoom: float
    width: float
    height: float
    heading: tuple[list[str], list[str]]

    @classmethod
    def of(
        cls, box: tuple[float, ...], patients: int, columns: int, views: Sequence[Plane], title: str, facts: str
    ) -> "PortraitSheet":
        """The largest zoom at which everything fits a page, under as many lines of heading as its width asks for."""
        wide, high = max(v.size(box)[0] for v in views), sum(v.size(box)[1] for v in views)
        across = style.DOUBLE / style.MM - _LEFT - _MARGIN - columns * _GAP
        heading, lines = ([""], [""]), 0
        # more lines leave less room, which may ask for more lines
        while lines < sum(map(len, heading)):
            lines, rest = sum(map(len, heading)), _head(heading) + _FOOT + patients * (_CAPTION + len(views) * _GAP)
            zoom = min(across / (columns * wide), (style.TALLEST / style.MM - rest) / (patients * high))
            width, height = _LEFT + columns * (wide * zoom + _GAP) + _MARGIN, rest + patients * high * zoom
            heading = _heading(title, facts, width - 2 * _MARGIN)
        figure = style.figure(width * style.MM, height * style.MM)
        figure.set_layout_engine("none")
        sheet = cls(figure, box, views, zoom, width, height, heading)
        sheet._write_heading()
        return sheet

    @property
    def cell(self) -> float:
        """Width of a column."""
        return self.zoom * max(v.size(self.box)[0] for v in self.views)

    def left(self, column: int) -> float:
        """Left edge of a column."""
        return _LEFT + column * (self.cell + _GAP)

    def top(self, patient: int, row: int) -> float:
        """Upper edge of a row of pictures, counted from the top of the paper."""
        heights = [v.size(self.box)[1] * self.zoom + _GAP for v in self.views]
        return _head(self.heading) + patient * (_CAPTION + sum(heights)) + _CAPTION + sum(heights[:row])

    def show(self, place: Position, picture: Array) -> Axes:
        """A picture in the middle of its place, on black; the axes' units are mm of brain."""
        width, height = self.views[place.row].size(self.box)
        axes = self._axes(self.left(place.column), self.top(*place[:2]), self.cell, height * self.zoom)
        axes.imshow(picture, extent=(-width / 2, width / 2, -height / 2, height / 2), interpolation="antialiased")
        axes.set(xlim=(-self.cell / self.zoom / 2, self.cell / self.zoom / 2), facecolor="black", xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        return axes

    def letters(self, axes: Axes, view: Plane) -> None:
        """Names of the sides, at the edges of a picture."""
        edges = ((0.03, 0.5), (0.97, 0.5), (0.5, 0.02), (0.5, 0.98))
        sides = (("left", "center"), ("right", "center"), ("center", "bottom"), ("center", "top"))
        for letter, edge, (across, down) in zip(view.letters, edges, sides, strict=True):
            at = {"xy": edge, "xycoords": "axes fraction", "ha": across, "va": down}
            axes.annotate(letter, **at, color=_PALE, fontsize=6, path_effects=[_RIM])  # type: ignore[arg-type]

    def ruler(self, axes: Axes) -> None:
        """A length of brain, in the lower left of a picture."""
        (left, right), (bottom, _) = axes.get_xlim(), axes.get_ylim()
        start, height = left + 0.04 * (right - left), bottom + 6
        axes.plot([start, start + RULER], [height, height], color=_PALE, linewidth=1.0, solid_capstyle="butt")
        axes.text(start + RULER / 2, height + 2, f"{RULER} mm", ha="center", va="bottom", color=_PALE, fontsize=5.5)

    def head(self, column: int, text: str) -> None:
        """The heading of a column."""
        self._write(self.left(column) + self.cell / 2, _head(self.heading), text, ha="center", va="bottom", fontsize=7)

    def bar(self, column: int, bar: Bar) -> None:
        """The scale of a column, at the foot of the page."""
        axes = self._axes(self.left(column) + 0.2 * self.cell, self.height - _FOOT + 2.0, 0.6 * self.cell, 1.6)
        scale = ScalarMappable(Normalize(bar.low, bar.high), bar.colours)
        drawn = self.figure.colorbar(scale, cax=axes, orientation="horizontal")
        ticks = sorted({bar.low, 0.0, bar.high})
        drawn.set_ticks(ticks, labels=[f"{t:.2g}".replace("-", "−") for t in ticks])
        drawn.outline.set_linewidth(0.4)
        axes.tick_params(labelsize=6, length=1.5, width=0.4, pad=1)

    def caption(self, patient: int, text: str) -> None:
        """The caption of a patient."""
        self._write(_LEFT, self.top(patient, 0) - 0.9, text, va="bottom", fontsize=7.5, fontweight="bold")

    def name(self, patient: int, row: int, text: str) -> None:
        """The name of a row."""
        height = self.views[row].size(self.box)[1] * self.zoom
        self._write(_LEFT - 1.5, self.top(patient, row) + height / 2, text, ha="right", va="center", fontsize=7)

    def _write_heading(self) -> None:
        title, facts = self.heading
        self._write(_MARGIN, 2.0, "\n".join(title), va="top", fontsize=10, fontweight="bold")
        below = 7.0 + _LINE * (len(title) - 1)
        self._write(_MARGIN, below, "\n".join(facts), va="top", fontsize=7, color=style.GREY)

    def _write(self, x: float, y: float, text: str, **options: object) -> None:
        self.figure.text(x / self.width, 1 - y / self.height, text, **options)  # type: ignore[arg-type]

    def _axes(self, left: float, top: float, width: float, height: float) -> Axes:
        box = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)


def _heading(title: str, facts: str, width: float) -> tuple[list[str], list[str]]:
    """The lines of a title and of facts in so many mm."""
    return (
        style.wrapped(title, int(width / _LETTER)).split("\n"),
        textwrap.wrap(facts, int(width / _SMALL_LETTER)),
    )


def _head(heading: tuple[list[str], list[str]]) -> float:
    """Height of what stands above the pictures."""
    title, facts = heading
    return _HEAD + _LINE * (len(title) - 1) + _SMALL_LINE * (len(facts) - 1)
