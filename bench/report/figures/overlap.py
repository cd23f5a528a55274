"""Figure: the headline score of every method with its interval, per simulator; controls and oracles beside them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.report.figures import scale, style
from bench.report.load.results import Ranking
from bench.report.rankings.ranked_results import RankedResults

COLUMNS = 6
#: mm: a line of a panel, its least and of each network; what lies around a row of panels, and the legend
_LINE, _NETWORK, _FRAME, _FOOT = 4.6, 1.9, 14.0, 14.0
#: letters of a title, over all columns
_TITLES = 84


def draw(source: RankedResults) -> list[Figure]:
    """One panel for each group and each simulator of a group of several, as many networks a page as there are colours.

    There is no page where nothing was scored.
    """
    results, headline = source.results, source.headline
    if headline is None:
        return []
    alone = {names[0] if len(names) == 1 else "" for names in results.groups.values()}
    scopes = [*results.groups, *(name for name in results.simulators if name not in alone)]
    order = _order(source, headline)
    if not order:
        return []
    return [
        _page(source, headline, page, part, networks)
        for networks in style.even_parts(results.networks, len(style.COLOURS))
        for line in [max(_LINE, _NETWORK * len(networks))]
        for most in [int((style.TALLEST / style.MM - _FOOT - _FRAME) // line)]
        for part in style.even_parts(order, most)
        for page in style.pages(scopes, COLUMNS, line * len(part) + _FRAME, _FOOT)
    ]


def _page(source: RankedResults, headline: Ranking, scopes: list[str], order: list[str], networks: list[str]) -> Figure:
    rows, line = -(-len(scopes) // COLUMNS), max(_LINE, _NETWORK * len(networks))
    table = source.tables["leaderboard"]
    drawn = table.loc[table["ranking"] == headline.ranking, ["mean", "low", "high"]].to_numpy(dtype=float)
    ends = scale.score_ends(source.results.metric(headline.metric), drawn)
    with style.journal():
        figure = style.figure(style.DOUBLE, (rows * (line * len(order) + _FRAME) + _FOOT) * style.MM)
        for axis, scope in zip(style.grid(figure, len(scopes), COLUMNS, sharey=True), scopes, strict=True):
            _panel(axis, source, headline, scope, order, networks)
            axis.set_xlim(*ends)
            axis.set_title(style.wrapped(scope, _TITLES // min(len(scopes), COLUMNS)), loc="left", fontsize=7)
        legend = _legend(networks)
        figure.legend(handles=legend, loc="outside lower center", ncols=min(5, style.legend_columns(legend)))
    return figure


def _order(source: RankedResults, headline: Ranking) -> list[str]:
    """Methods with a value anywhere, in the order of the main network's ranking."""
    table = source.tables["leaderboard"]
    scored = set(table[(table["ranking"] == headline.ranking) & table["mean"].notna()]["method"])
    return [method for method in source.order(source.results.main_network) if method in scored]


def _panel(
    axis: Axes, source: RankedResults, headline: Ranking, scope: str, order: list[str], networks: list[str]
) -> None:
    metric = source.results.metric(headline.metric)
    for k, network in enumerate(networks):
        rows = source.board(headline.ranking, network, scope).set_index("method").reindex(order)
        offset = min(0.8, 0.25 * len(networks)) * ((k + 0.5) / len(networks) - 0.5)
        _points(axis, rows, np.arange(len(order)) + offset, style.COLOURS[k])
    if not axis.lines:
        axis.text(0.5, 0.5, "no score", transform=axis.transAxes, ha="center", color=style.GREY, fontsize=7)
    if not np.isnan(metric["chance"]):
        axis.axvline(metric["chance"], color=style.GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
    axis.set_yticks(range(len(order)), [style.display_name(name) for name in order])
    axis.set_ylim(len(order) - 0.4, -0.6)
    axis.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axis.set_axisbelow(True)
    axis.set_xlabel(style.display_name(headline.metric))
    # shared axes label only the first panel
    for tick, name in zip(axis.get_yticklabels(), order, strict=False):
        tick.set_fontstyle("normal" if source.results.role(name) == "method" else "italic")


def _points(axis: Axes, rows: pd.DataFrame, heights: np.ndarray, colour: str) -> None:
    for (_, row), y in zip(rows.iterrows(), heights, strict=True):
        if np.isnan(row["mean"]):
            continue
        filled = row["role"] == "method" and row["status"] == "ok"
        axis.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.1, solid_capstyle="butt")
        face = colour if filled else "white"
        axis.plot(row["mean"], y, marker=style.MARKERS[row["role"]], markersize=4, color=colour, markerfacecolor=face,
                  clip_on=False)  # fmt: skip


def _legend(networks: list[str]) -> list[Line2D]:
    def mark(text: str, colour: str, marker: str, face: str) -> Line2D:
        return Line2D([], [], color=colour, marker=marker, markersize=4, linestyle="", markerfacecolor=face, label=text)

    colours = dict(zip(networks, style.COLOURS, strict=False))
    return [
        *(mark(style.display_name(name), colour, "o", colour) for name, colour in colours.items()),
        mark("method, not ranked", style.GREY, "o", "white"),
        mark("control", style.GREY, "s", "white"),
        mark("oracle", style.GREY, "D", "white"),
        Line2D([], [], color=style.GREY, linewidth=1.1, label="95 % interval, if any"),
        Line2D([], [], color=style.GREY, linewidth=0.7, linestyle=(0, (4, 3)), label="chance"),
    ]
