"""One look for all figures: 8 pt in one font, journal column widths, colours and shapes that need no colour vision."""

import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.lines import Line2D
from PIL import Image

from bench.report.load import whole

Item = TypeVar("Item")
MM = 1 / 25.4
#: it comes with matplotlib, so that figures have the same letters whatever fonts a machine has
FONT = "DejaVu Sans"
SINGLE, DOUBLE, TALLEST = 88 * MM, 180 * MM, 230 * MM
#: Okabe & Ito (2008), told apart under every common colour vision
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
#: mm of a legend: of a letter, and of what stands beside a name
_LETTER, _KEY = 1.25, 12.0
GREY, FAINT = "#5f6368", "#d0d4d9"
#: roles differ by shape, never by colour alone
MARKERS = {"method": "o", "control": "s", "oracle": "D"}
SERIES_MARKERS = ["o", "^", "v", "P", "X", "h"]
_ABBREVIATIONS = frozenset("ap auc lrp cam cnn gap gmp mtl ssim rise lime vae".split())  # noqa: SIM905
_RC: dict[Any, Any] = {
    "font.family": [FONT], "font.size": 8, "axes.titlesize": 8, "axes.labelsize": 8, "legend.fontsize": 7,
    "xtick.labelsize": 7, "ytick.labelsize": 7, "text.parse_math": False,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2.5,
    "ytick.major.size": 2.5, "axes.spines.top": False, "axes.spines.right": False,
    "lines.linewidth": 1.0, "legend.frameon": False, "pdf.fonttype": 42, "figure.dpi": 150, "savefig.dpi": 300,
}  # fmt: skip


@contextmanager
def journal() -> Iterator[None]:
    """The settings every figure is made and saved under."""
    with mpl.rc_context(_RC):
        yield


def figure(width: float, height: float) -> Figure:
    """A figure of width x height inches with its own canvas (no global state)."""
    drawing = Figure(figsize=(width, min(height, TALLEST)), layout="constrained")
    FigureCanvasAgg(drawing)
    return drawing


def save(figure: Figure, stem: Path) -> Path:
    """Write `stem`.pdf and `stem`.png without dates or versions, so that equal tables give equal files."""
    vectors, pixels, smaller = io.BytesIO(), io.BytesIO(), io.BytesIO()
    undated = {"CreationDate": None, "Creator": None, "Producer": None}
    with journal():
        figure.savefig(vectors, format="pdf", metadata=undated)
        figure.savefig(pixels, format="png", metadata={"Software": None})
    with Image.open(pixels) as image:
        image.convert("RGB").save(smaller, "png", optimize=True, dpi=image.info["dpi"])
    whole.write(stem.with_suffix(".pdf"), vectors.getvalue())
    picture = stem.with_suffix(".png")
    whole.write(picture, smaller.getvalue())
    return picture


def grid(drawing: Figure, count: int, columns: int, **options: Any) -> list[Axes]:
    """`count` axes in rows of at most `columns`; the unused places stay empty."""
    columns = min(count, columns)
    axes = drawing.subplots(-(-count // columns), columns, squeeze=False, **options).ravel()
    for spare in axes[count:]:
        spare.set_visible(False)
    for lowest in axes[max(count - columns, 0) : count]:
        lowest.tick_params(labelbottom=True)
    return list(axes[:count])


def pages(names: list[str], columns: int, height: float, foot: float) -> Iterator[list[str]]:
    """The names of the panels of each page: as many rows of `columns`, each `height` mm, as fit above `foot` mm."""
    most = columns * max(1, int((TALLEST / MM - foot) // height))
    yield from (names[start : start + most] for start in range(0, len(names), most))


def even_parts(items: list[Item], most: int) -> list[list[Item]]:
    """The items in as few lists of at most `most` as hold them, about as many in each."""
    count = -(-len(items) // most)
    ends = [round(k * len(items) / count) for k in range(count + 1)] if items else [0]
    return [items[start:end] for start, end in itertools.pairwise(ends)]


def wrapped(name: str, letters: int) -> str:
    """A plug-in's name as words in lines of so many letters; labels, which have no blanks, break at their signs."""
    pieces = re.split(r"(?<=[-.=_])(?=[^\d])|(?<=-)", display_name(name))
    lines = [""]
    for word in (word for piece in pieces for word in re.findall(r"\S+\s*", piece)):
        fits = len(lines[-1] + word.rstrip()) <= letters
        lines[-1:] = [lines[-1] + word] if fits or not lines[-1] else [lines[-1], word]
    return "\n".join(line.rstrip() for line in lines)


def shortened(name: str, width: float, points: float = 6) -> str:
    """A plug-in's name as words in so many mm; a longer one loses its middle, as labels differ at their ends."""
    whole = cut = display_name(name)
    for letters in range(len(whole) - 1, 1, -1):
        if text_width(cut, points) <= width:
            break
        cut = f"{whole[: -(-letters // 2)].rstrip()}…{whole[len(whole) - letters // 2 :].lstrip()}"
    return cut


def text_width(text: str, points: float) -> float:
    """The width in mm of a line of letters."""
    font = get_font(findfont(FONT))
    font.set_size(points, 72)
    font.set_text(text, 0, flags=LoadFlags.NO_HINTING)
    return float(font.get_width_height()[0]) / 64 / 72 / MM


def legend_columns(handles: list[Line2D]) -> int:
    """As many columns of a legend as a page of two columns is wide enough for."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    return max(1, int(DOUBLE / MM // (_LETTER * longest + _KEY)))


def display_name(name: str) -> str:
    """A plug-in's name as words, abbreviations in capitals."""
    return " ".join(word.upper() if word in _ABBREVIATIONS else word for word in name.split("_"))
