"""Figure: the maps themselves. Rows are methods, columns subjects; the truth is outlined on every picture."""

import textwrap
from dataclasses import dataclass

from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from bench.report.figures import style
from bench.report.figures.compose import DIVERGING, fewer_colours, overlay
from bench.report.load.panels import SIDES, Array, PictureSet, cropped_pictures
from bench.report.rankings.ranked_results import RankedResults

MOST_COLUMNS, MOST_ROWS = 6, 9
#: side by side on a page
BLOCKS = 2
_NAMES, _HEAD, _FOOT, _GAP, _INSET = 30.0, 10.0, 10.5, 0.6, 1.0
#: edge of a picture
_SMALLEST, _LARGEST = 15.0, 30.0
#: of the note at the foot and of small names: a letter's width, a line's height
_LETTER, _SMALL_LETTER, _LINE, _SMALL_LINE = 1.35, 1.2, 3.2, 2.4
_NOTE = (
    "Maps of {}. Every map, and the truth, on its own symmetric scale: the 99.5 % quantile of its sizes in the volume. "
    "Bare brain at 0; a map without signs is red. Outline: truth at half its height. L, R, P, A: the subject's own "
    "sides; anterior or superior is on top."
)
_MOST_LINES = 6


@dataclass(frozen=True)
class _Sheet:
    """Places of pictures in mm from the top left: `blocks` of rows side by side, so that many methods fit a page."""

    figure: Figure
    width: float
    height: float
    cell: tuple[float, float]
    columns: int
    rows: int
    head: float
    names: float
    note: list[str]

    @classmethod
    def of(cls, columns: int, pictures: int, aspect: float, lines: int, network: str) -> "_Sheet":
        """The sheet of columns and rows of pictures of a network, and names of simulators of so many lines."""
        head = _HEAD + _SMALL_LINE * lines
        blocks = -(-pictures // MOST_ROWS)
        rows = -(-pictures // blocks)
        edge = min(
            _across(pictures) / columns - _GAP,
            ((style.TALLEST / style.MM - head - _FOOT - _LINE * _MOST_LINES) / (rows + 1) - _GAP) / aspect,
            _LARGEST,
        )
        cell = (edge, edge * aspect)
        needed = blocks * (_NAMES + columns * (edge + _GAP))
        # what is left of a column's width is room for names
        width = (style.SINGLE if needed <= style.SINGLE / style.MM else style.DOUBLE) / style.MM
        names = _NAMES + (width - needed) / blocks
        note = textwrap.wrap(_NOTE.format(style.display_name(network)), int((width - 4) / _LETTER))
        height = head + (rows + 1) * (cell[1] + _GAP) + _FOOT + _LINE * len(note)
        figure = style.figure(width * style.MM, height * style.MM)
        figure.set_layout_engine("none")
        return cls(figure, width, height, cell, columns, rows, head, names, note)

    def corner(self, picture: int, column: int) -> tuple[float, float]:
        """Left and top of a picture (-1: the row of truths above the first)."""
        block, row = divmod(max(picture, 0), self.rows)
        across = self.cell[0] + _GAP
        left = block * (self.names + self.columns * across) + self.names + column * across
        return left, self.head + (row + (picture >= 0)) * (self.cell[1] + _GAP)

    def truth_corner(self, block: int, column: int) -> tuple[float, float]:
        """Left and top of a truth, repeated above each block."""
        return self.corner(block * self.rows, column)[0], self.head

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
        _page(source, dict(items[start : start + _fitting(len(part))]), part)
        for part in style.even_parts(methods, BLOCKS * MOST_ROWS)
        for start in range(0, len(items), _fitting(len(part)))
    ]


def _across(pictures: int) -> float:
    """Width in mm that the pictures of a block share."""
    return style.DOUBLE / style.MM / -(-pictures // MOST_ROWS) - _NAMES


def _fitting(pictures: int) -> int:
    """The columns of a block that stay readable."""
    return max(1, min(MOST_COLUMNS, int(_across(pictures) // _SMALLEST)))


def _page(source: RankedResults, pictures: dict[str, PictureSet], methods: list[str]) -> Figure:
    network = source.results.main_network
    each = max(1, _fitting(len(methods)) // len(pictures))
    columns = [(name, images, p) for name, images in pictures.items() for p in range(min(each, len(images.subjects)))]
    aspect = max(images.brain.shape[1] / images.brain.shape[2] for images in pictures.values())
    with style.journal():
        lines = max(_named(name, each * _SMALLEST).count("\n") + 1 for name in pictures)
        sheet = _Sheet.of(len(columns), len(methods), aspect, lines, network)
        for k, (simulator, images, p) in enumerate(columns):
            _truths(sheet, k, images, p, len(methods))
            if p == 0:
                _heading(sheet, k, simulator, min(each, len(images.subjects)), len(methods))
            for r, method in enumerate(methods):
                if method in images.maps[network]:
                    values, scale = images.maps[network][method][p], images.scales[network][method][p]
                    sheet.show(sheet.corner(r, k), overlay(images.brain[p], values, scale, images.truth[p]))
        _names(source, sheet, methods)
        _bar(sheet)
    return sheet.figure


def _truths(sheet: _Sheet, k: int, images: PictureSet, p: int, methods: int) -> None:
    """The truth of a subject above each block, with who it is, where the slice lies and the sides."""
    truth = overlay(images.brain[p], images.truth[p], float(images.truth_scale[p]), images.truth[p])
    for block in range(-(-methods // sheet.rows)):
        left, top = sheet.truth_corner(block, k)
        sheet.show((left, top), truth)
        where = f"{images.who(p)}\n{images.where(p)}"
        middle = left + sheet.cell[0] / 2
        sheet.write(middle, top - 0.8, where, ha="center", va="bottom", fontsize=6, color=style.GREY, linespacing=1.1)
        ends = left + _INSET, left + sheet.cell[0] - _INSET
        for side, near, x in zip(SIDES[images.plane][:2], ("left", "right"), ends, strict=True):
            sheet.write(x, top + sheet.cell[1] - 0.5, side, ha=near, va="bottom", fontsize=6, color=style.GREY)


def _heading(sheet: _Sheet, k: int, simulator: str, columns: int, methods: int) -> None:
    """The name of a simulator above its columns, in every block."""
    named = _named(simulator, columns * sheet.cell[0])
    for block in range(-(-methods // sheet.rows)):
        left, top = sheet.truth_corner(block, k)
        sheet.write(left, top - 6.4, named, ha="left", va="bottom", fontsize=6, linespacing=1.0)


def _named(simulator: str, width: float) -> str:
    """The lines of a simulator's name in so many mm."""
    return style.wrapped(simulator, int(width / _SMALL_LETTER))


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
    wide, above = 34.0, _LINE * len(sheet.note) + 6.6
    axis = sheet.figure.add_axes(
        (sheet.names / sheet.width, above / sheet.height, wide / sheet.width, 1.8 / sheet.height)
    )
    bar = sheet.figure.colorbar(ScalarMappable(cmap=DIVERGING), cax=axis, orientation="horizontal")
    bar.set_ticks([0, 0.5, 1], labels=["− scale", "0", "+ scale"])
    bar.outline.set_visible(False)
    sheet.write(2, sheet.height - 1, "\n".join(sheet.note), ha="left", va="bottom", fontsize=7)
