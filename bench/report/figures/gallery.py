"""Figure: the maps themselves. Rows are methods, columns subjects; the truth is outlined on every picture."""

import textwrap
from dataclasses import dataclass

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from bench.report.figures import style
from bench.report.figures.compose import DIVERGING, fewer_colours, overlay
from bench.report.load.panels import WHO, Array, PictureSet, cropped_pictures
from bench.report.rankings.ranked_results import RankedResults

MOST_COLUMNS, MOST_ROWS = 6, 9
#: side by side on a page
BLOCKS = 2
_SIDES = {"coronal": "L R", "axial": "L R", "sagittal": "P A"}
_NAMES, _HEAD, _FOOT, _GAP = 30.0, 10.0, 13.0, 0.6
#: edge of a picture
_SMALLEST, _LARGEST = 15.0, 24.0
#: the note at the foot needs this much
_NARROWEST = 165.0


@dataclass(frozen=True)
class _Sheet:
    """Places of pictures in mm from the top left: `blocks` of rows side by side, so that many methods fit a page."""

    figure: Figure
    width: float
    height: float
    cell: tuple[float, float]
    columns: int
    rows: int

    @classmethod
    def of(cls, columns: int, pictures: int, aspect: float) -> "_Sheet":
        blocks = -(-pictures // MOST_ROWS)
        rows = -(-pictures // blocks)
        edge = min(
            _across(pictures) / columns - _GAP,
            ((style.TALLEST / style.MM - _HEAD - _FOOT) / (rows + 1) - _GAP) / aspect,
            _LARGEST,
        )
        cell = (edge, edge * aspect)
        width = max(blocks * (_NAMES + columns * (edge + _GAP)), _NARROWEST)
        height = _HEAD + (rows + 1) * (cell[1] + _GAP) + _FOOT
        figure = style.figure(width * style.MM, height * style.MM)
        figure.set_layout_engine("none")
        return cls(figure, width, height, cell, columns, rows)

    def corner(self, picture: int, column: int) -> tuple[float, float]:
        """Left and top of a picture (-1: the row of truths above the first)."""
        block, row = divmod(max(picture, 0), self.rows)
        left = block * (_NAMES + self.columns * (self.cell[0] + _GAP)) + _NAMES + column * (self.cell[0] + _GAP)
        return left, _HEAD + (row + (picture >= 0)) * (self.cell[1] + _GAP)

    def truth_corner(self, block: int, column: int) -> tuple[float, float]:
        """Left and top of a truth, repeated above each block."""
        return self.corner(block * self.rows, column)[0], _HEAD

    def show(self, corner: tuple[float, float], picture: Array) -> None:
        """Put a picture at a corner."""
        (left, top), (wide, high) = corner, self.cell
        box = (left / self.width, 1 - (top + high) / self.height, wide / self.width, high / self.height)
        axis = self.figure.add_axes(box)
        axis.imshow(fewer_colours(picture), interpolation="nearest")
        axis.axis("off")

    def write(self, x: float, y: float, text: str, **options: object) -> None:
        """Write text at x, y mm from the top left."""
        self.figure.text(x / self.width, 1 - y / self.height, text, **options)  # type: ignore[arg-type]


def draw(source: RankedResults) -> list[Figure]:
    """The gallery of the main network, as many methods and simulators a page as stay readable; none without panels."""
    network = source.results.main_network
    pictures = {name: cropped_pictures(images) for name, images in source.pictures.items() if network in images.maps}
    methods = [m for m in source.order(network) if any(m in images.maps[network] for images in pictures.values())]
    items = list(pictures.items())
    return [
        _page(source, dict(items[start : start + most]), part)
        for part in _parts(methods)
        for most in [max(1, min(MOST_COLUMNS, int(_across(len(part)) // _SMALLEST)))]
        for start in range(0, len(items), most)
    ]


def _parts(methods: list[str]) -> list[list[str]]:
    """The methods of each page, about as many on each."""
    count = -(-len(methods) // (BLOCKS * MOST_ROWS))
    return [list(part) for part in np.array_split(np.array(methods, dtype=object), count)] if methods else []


def _across(pictures: int) -> float:
    """Width in mm that the pictures of a block share."""
    return style.DOUBLE / style.MM / -(-pictures // MOST_ROWS) - _NAMES


def _page(source: RankedResults, pictures: dict[str, PictureSet], methods: list[str]) -> Figure:
    network = source.results.main_network
    each = max(1, MOST_COLUMNS // max(2, len(pictures)) - (len(pictures) > 1))
    columns = [(name, images, p) for name, images in pictures.items() for p in range(min(each, len(images.subjects)))]
    aspect = max(images.brain.shape[1] / images.brain.shape[2] for images in pictures.values())
    with style.journal():
        sheet = _Sheet.of(len(columns), len(methods), aspect)
        for k, (simulator, images, p) in enumerate(columns):
            _truths(sheet, k, simulator, images, p, len(methods))
            for r, method in enumerate(methods):
                if method in images.maps[network]:
                    values, scale = images.maps[network][method][p], images.scales[network][method][p]
                    sheet.show(sheet.corner(r, k), overlay(images.brain[p], values, scale, images.truth[p]))
        _names(source, sheet, methods)
        _bar(sheet)
    return sheet.figure


def _truths(sheet: _Sheet, k: int, simulator: str, images: PictureSet, p: int, methods: int) -> None:
    who = f"{WHO[int(images.labels[p])]} {images.subjects[p]}"
    shared = float(abs(images.truth).max())
    for block in range(-(-methods // sheet.rows)):
        left, top = sheet.truth_corner(block, k)
        sheet.show((left, top), overlay(images.brain[p], images.truth[p], shared, images.truth[p]))
        middle = left + sheet.cell[0] / 2
        sheet.write(middle, top - 0.8, who, ha="center", va="bottom", fontsize=6, color=style.GREY)
        if p > 0:
            continue
        named = "\n".join(textwrap.wrap(style.display_name(simulator), 14, break_long_words=False))
        sheet.write(left, top - 3.6, named, ha="left", va="bottom", fontsize=7, linespacing=1.0)
        for side, x in zip(_SIDES[images.plane].split(), (left, left + sheet.cell[0]), strict=True):
            near = "left" if x == left else "right"
            sheet.write(x, top + sheet.cell[1] - 0.5, side, ha=near, va="bottom", fontsize=5, color=style.GREY)


def _names(source: RankedResults, sheet: _Sheet, methods: list[str]) -> None:
    def write(corner: tuple[float, float], text: str, role: str) -> None:
        x, y = corner[0] - 1.5, corner[1] + sheet.cell[1] / 2
        slant = "normal" if role == "method" else "italic"
        note = "" if role == "method" else f"\n({role})"
        lines = "\n".join(textwrap.wrap(text, 20)) + note
        sheet.write(x, y, lines, ha="right", va="center", style=slant, fontsize=7)

    for r, name in enumerate(methods):
        write(sheet.corner(r, 0), style.display_name(name), source.results.role(name))
        if r % sheet.rows == 0:
            write(sheet.truth_corner(r // sheet.rows, 0), "truth", "method")


def _bar(sheet: _Sheet) -> None:
    wide, left = 34.0, _NAMES
    axis = sheet.figure.add_axes((left / sheet.width, 5.6 / sheet.height, wide / sheet.width, 1.8 / sheet.height))
    bar = sheet.figure.colorbar(ScalarMappable(cmap=DIVERGING), cax=axis, orientation="horizontal")
    bar.set_ticks([0, 0.5, 1], labels=["− scale", "0", "+ scale"])
    bar.outline.set_visible(False)
    note = "Every map on its own symmetric scale, 99.5 % of |map| in the volume;\nbare brain at 0. Outline: truth."
    sheet.write(left + wide + 6, sheet.height - 6.5, note, ha="left", va="center", fontsize=7)
