"""Figure: two rankings against each other, a mark a method with its intervals, and the corners of the plane named."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bench.report.figures import frames, scale, style
from bench.report.rankings.ranked_results import RankedResults
from bench.report.rankings.statuses import BELOW_GATE, NOT_RANKABLE
from bench.report.rankings.two_rankings import TwoRankings, two_rankings

COLUMNS = 2
#: names beside a panel, best methods and best controls
NAMED = 10
_HEIGHT, _ROOM = 46.0, frames.Room(13, 35, 10, 11)
#: mm: a name beside a panel, the name of a side, what a corner shows
_NAMES = 31.0
#: share of the plane at its lower and upper end that is kept for the names of the corners
_STRIP = 0.09
_LABEL, _CORNER = 50.0, 26.0
_CHANCE: dict[str, Any] = {"color": style.GREY, "linewidth": 0.6, "linestyle": (0, (4, 3)), "zorder": 0}
#: what a high score in a ranking says of a map
_SHOWS = {"anatomy": "the pathology", "faithfulness": "what the network uses"}
_COLOURS = {"method": style.COLOURS[0], "unranked": style.COLOURS[0], "control": style.GREY, "oracle": "black"}


def draw(source: RankedResults) -> list[Figure]:
    """One panel per group and network with models past the gate; no page where no method has two scores."""
    results = source.results
    planes = [
        (group, network, plane)
        for network in results.networks_by_strength
        for group in results.groups
        if (plane := two_rankings(source, group, network)) and not (plane.across["status"] == BELOW_GATE).any()
    ]
    return [
        _page(source, page)
        for page in frames.paged(planes, COLUMNS, _HEIGHT, _ROOM, frames.legend_foot(_legend(), len(planes)))
    ]


def _page(source: RankedResults, planes: list[tuple[str, str, TwoRankings]]) -> Figure:
    with style.journal():
        paper = frames.Frames(len(planes), COLUMNS, _HEIGHT, _ROOM, frames.legend_foot(_legend(), len(planes)))
        figure, axes = paper.draw()
        for axis, (group, network, plane) in zip(axes, planes, strict=True):
            useless = [h.ranking for h, rows in ((plane.x, plane.across), (plane.y, plane.up)) if _unrankable(rows)]
            under = style.display_name(network) + f" ({' and '.join(useless)} not rankable)" * bool(useless)
            frames.head(axis, group, under, paper.width + _ROOM.right)
            _panel(axis, source, plane)
        frames.write_legend(figure, _legend(), len(planes))
    return figure


def _unrankable(rows: pd.DataFrame) -> bool:
    return bool((rows["status"] == NOT_RANKABLE).any())


def _panel(axis: Axes, source: RankedResults, plane: TwoRankings) -> None:
    for headline, rows, side in ((plane.x, plane.across, axis.xaxis), (plane.y, plane.up, axis.yaxis)):
        _scale(axis, side, source.results.metric(headline.metric), rows)
        text = f"{headline.ranking}: {style.display_name(headline.metric)}"
        side.set_label_text(style.shortened(text, _LABEL, 7), fontsize=7)
    for method in reversed(plane.methods):
        _mark(axis, plane, method)
    _corners(axis, plane)
    names = [
        (name, float(across["mean"]), float(up["mean"]), source.results.role(name))
        for name in named_methods(plane)
        for across, up in [plane.rows(name)]
    ]
    frames.names_beside(axis, _HEIGHT, names, _NAMES)


def _scale(axis: Axes, side: Axis, metric: pd.Series, rows: pd.DataFrame) -> None:
    """Ends and ticks of a side, better scores to the right or up, and its line of chance outside of the strips."""
    ends = scale.score_ends(metric, rows[["mean", "low", "high", "chance"]].to_numpy(dtype=float))
    chance, upwards = float(rows["chance"].iloc[0]), side is axis.yaxis
    strip = _STRIP * (ends[1] - ends[0])
    limits = (ends[0] - strip, ends[1] + strip) if upwards else ends
    (axis.set_ylim if upwards else axis.set_xlim)(limits if metric["higher_is_better"] else limits[::-1])
    side.set_ticks([tick for tick in MaxNLocator(5).tick_values(*ends) if ends[0] <= tick <= ends[1]])
    if upwards:
        axis.axhline(chance, **_CHANCE)
    else:
        free = _STRIP / (1 + 2 * _STRIP)
        axis.axvline(chance, free, 1 - free, **_CHANCE)


def named_methods(plane: TwoRankings) -> list[str]:
    """The best controls, then the best methods of both rankings in turn."""
    controls = [name for name in plane.methods if name in plane.best_controls]
    boards = [rows[(rows["role"] == "method") & rows.index.isin(plane.methods)] for rows in (plane.across, plane.up)]
    turns = [name for pair in zip(*(rows.index for rows in boards), strict=True) for name in pair]
    return list(dict.fromkeys([*controls, *turns]))[:NAMED]


def _mark(axis: Axes, plane: TwoRankings, method: str) -> None:
    (across, up), kind = plane.rows(method), plane.kind(method)
    x, y, colour = across["mean"], up["mean"], _COLOURS[kind]
    axis.plot([across["low"], across["high"]], [y, y], color=colour, linewidth=0.5, alpha=0.6, zorder=1)
    axis.plot([x, x], [up["low"], up["high"]], color=colour, linewidth=0.5, alpha=0.6, zorder=1)
    face = colour if kind == "method" else "white"
    marker = style.MARKERS.get(kind, style.MARKERS["method"])
    axis.plot(x, y, marker, color=colour, markerfacecolor=face, markersize=3.2, markeredgewidth=0.7, zorder=2)


def _corners(axis: Axes, plane: TwoRankings) -> None:
    """Names of the corners, in strips that hold no mark."""
    x, y = (style.shortened(_SHOWS.get(h.ranking, h.ranking), _CORNER) for h in (plane.x, plane.y))
    corners = {(0, 1): f"{y} alone", (1, 1): "both", (0, 0): "neither", (1, 0): f"{x} alone"}
    for (right, top), text in corners.items():
        axis.text(0.985 if right else 0.015, 0.99 if top else 0.01, text, transform=axis.transAxes, fontsize=6,
                  ha="right" if right else "left", va="top" if top else "bottom", color=style.GREY)  # fmt: skip


def _legend() -> list[Line2D]:
    def mark(text: str, kind: str, face: str) -> Line2D:
        marker = style.MARKERS.get(kind, style.MARKERS["method"])
        return Line2D([], [], color=_COLOURS[kind], marker=marker, linestyle="", markersize=3.5, markerfacecolor=face,
                      label=text)  # fmt: skip

    return [
        mark("method", "method", _COLOURS["method"]),
        mark("method, not ranked", "unranked", "white"),
        mark("control", "control", "white"),
        mark("oracle", "oracle", "white"),
        Line2D([], [], color=style.COLOURS[0], linewidth=0.6, label="95 % interval"),
        Line2D([], [], label="chance or constant map", **_CHANCE),
    ]
