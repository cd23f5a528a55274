"""Figure: lesions in cells of the layer that a method reads, beside what its maps score and what the truth would."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from bench.report.figures import cells, frames, scale, style
from bench.report.load.results import Ranking
from bench.report.rankings.ranked_results import RankedResults

#: mm of a row; what lies around the panels, and between two; the width of that of sizes
_LINE, _ROOM, _GAP, _SIZES = 4.2, frames.Room(50, 3, 6, 11), 6.0, 36.0
#: mm: the name of a simulator, of a network, of a ranking or metric
_NAMES, _TITLE = (15.0, 28.0), 38.0
#: rankings side by side
_SHOWN = 2
_NOTE = (
    "Lesion: the smallest set of voxels with 90 % of what was planted, median of patients with 5th and 95th "
    "percentile, by volume. Truth on the layer's grid: what a method that reads the layer could score at best."
)


def draw(source: RankedResults) -> list[Figure]:
    """A row per simulator, network and layer, those of fewest cells first; no page where no method reads a layer."""
    rankings = source.results.headlines[:_SHOWN]
    rows = [
        p
        for p in cells.lesions_in_cells(source)
        if any(len(cells.scores_of_readers(source, h.ranking, p)) for h in rankings)
    ]
    methods = list(dict.fromkeys(name for place in rows for name in place.methods))
    ceiling = any(
        cells.scores_of_readers(source, h.ranking, p)["native_ceiling"].notna().any() for h in rankings for p in rows
    )
    legend = _legend(methods, ceiling)
    foot = frames.legend_foot(legend, _SHOWN) + frames.foot(frames.lines(_NOTE, _SHOWN))
    most = int((style.TALLEST / style.MM - _ROOM.top - _ROOM.bottom - foot) // _LINE)
    return [_page(source, rankings, part, methods, legend, foot) for part in style.even_parts(rows, most)]


def _page(
    source: RankedResults,
    rankings: list[Ranking],
    rows: list[cells.LesionCells],
    methods: list[str],
    legend: list[Line2D],
    foot: float,
) -> Figure:
    with style.journal():
        high, wide = _LINE * len(rows), style.DOUBLE / style.MM
        total = _ROOM.top + high + _ROOM.bottom + foot
        figure = style.figure(style.DOUBLE, total * style.MM)
        figure.set_layout_engine("none")
        each = (wide - _ROOM.left - _SIZES - _ROOM.right - _GAP * len(rankings)) / len(rankings)
        lefts = [_ROOM.left, *(_ROOM.left + _SIZES + _GAP + k * (each + _GAP) for k in range(len(rankings)))]
        for k, left in enumerate(lefts):
            across, up = (left / wide, (each if k else _SIZES) / wide), ((foot + _ROOM.bottom) / total, high / total)
            axis = figure.add_axes((across[0], up[0], across[1], up[1]))
            axis.set(ylim=(len(rows) - 0.4, -0.6), yticks=range(len(rows)), yticklabels=[])
            axis.tick_params(axis="y", length=0)
            axis.tick_params(axis="x", labelsize=6)
            axis.grid(axis="y", color=style.FAINT, linewidth=0.4)
            axis.set_axisbelow(True)
            if k:
                _scores(axis, source, rankings[k - 1], rows, methods)
            else:
                _sizes(axis, rows)
        notes = frames.lines(_NOTE, _SHOWN)
        frames.write_legend(figure, legend, _SHOWN, frames.foot(notes))
        frames.write_foot(figure, notes)
    return figure


def _sizes(axis: Axes, rows: list[cells.LesionCells]) -> None:
    names = [(style.shortened(p.simulator, _NAMES[0]), style.shortened(p.network, _NAMES[1])) for p in rows]
    axis.set_yticklabels([" on ".join(pair) for pair in names], fontsize=6)
    for y, place in enumerate(rows):
        axis.plot([place.low, place.high], [y, y], color="black", linewidth=0.9, solid_capstyle="butt")
        axis.plot(place.cells, y, "|", color="black", markersize=5, markeredgewidth=1.4)
    axis.set_xscale("log")
    axis.set_xlim(min(p.low for p in rows) / 1.6, max(p.high for p in rows) * 1.6)
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.tick_params(axis="x", which="minor", length=0)
    axis.axvline(1, color=style.GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    axis.set_xlabel("cells of the layer\na lesion fills", fontsize=7, labelpad=1)


def _scores(
    axis: Axes, source: RankedResults, headline: Ranking, rows: list[cells.LesionCells], methods: list[str]
) -> None:
    boards = [cells.scores_of_readers(source, headline.ranking, place) for place in rows]
    metric = source.results.metric(headline.metric)
    columns = ["mean", "low", "high", "chance", "native_ceiling"]
    axis.set_xlim(scale.score_ends(metric, np.concatenate([b[columns].to_numpy(dtype=float) for b in boards])))
    for y, board in enumerate(boards):
        axis.plot(board["chance"].head(1), [y] * len(board.head(1)), "|", color=style.GREY, markersize=6, zorder=1)
        for row in board.to_dict("records"):
            k = methods.index(row["method"])
            up = y + 0.6 * ((k + 0.5) / len(methods) - 0.5)
            colour, marker = _look(k)
            axis.plot([row["low"], row["high"]], [up, up], color=colour, linewidth=0.9, solid_capstyle="butt")
            axis.plot(row["mean"], up, marker, color=colour, markersize=3)
            axis.plot(row["native_ceiling"], y, style.MARKERS["oracle"], color="black", markerfacecolor="white",
                      markersize=3.6, markeredgewidth=0.7)  # fmt: skip
    axis.set_title(style.shortened(headline.ranking, _TITLE, 7), fontsize=7, loc="left", pad=3)
    axis.set_xlabel(style.shortened(headline.metric, _TITLE, 7), fontsize=7, labelpad=1)


def _look(k: int) -> tuple[str, str]:
    """Colour and marker of the k-th method; 36 methods differ in one or both."""
    count = len(style.COLOURS)
    return style.COLOURS[k % count], style.SERIES_MARKERS[(k + k // count) % len(style.SERIES_MARKERS)]


def _legend(methods: list[str], ceiling: bool) -> list[Line2D]:
    looks = [(*_look(k), name) for k, name in enumerate(methods)]
    marks = [
        Line2D([], [], color=colour, marker=marker, markersize=3.5, linewidth=0.9, label=style.shortened(name, 40.0))
        for colour, marker, name in looks
    ]
    truth = Line2D([], [], color="black", marker=style.MARKERS["oracle"], linestyle="", markersize=3.6,
                   markerfacecolor="white", label="truth on the layer's grid")  # fmt: skip
    chance = Line2D([], [], color=style.GREY, marker="|", linestyle="", markersize=6, label="chance or constant map")
    return [*marks, *([truth] if ceiling else []), chance]
