"""Figure: what the maps of a method cost beside what they score, and the methods that no cheaper one reaches."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from bench.report.figures import frames, scale, style
from bench.report.rankings.ranked_results import RankedResults
from bench.report.rankings.statuses import BELOW_GATE

COLUMNS = 2
NAMED = 10
#: mm: a panel, what lies around it, a name beside it, the name of its side
_HEIGHT, _ROOM = 42.0, frames.Room(13, 35, 10, 11)
_NAMES, _LABEL = 31.0, 46.0
_COLOURS = {"method": style.COLOURS[0], "control": style.GREY}


def draw(source: RankedResults) -> list[Figure]:
    """One panel per group and ranking of the main network; no page where no method has both a score and a cost."""
    network = source.results.main_network
    panels = [
        (group, headline.ranking, rows)
        for group in source.results.groups
        for headline in source.results.headlines
        if (rows := scored_and_priced(source, headline.ranking, network, group))["role"].eq("method").any()
    ]
    return [
        _page(source, page)
        for page in frames.paged(panels, COLUMNS, _HEIGHT, _ROOM, frames.legend_foot(_legend(), len(panels)))
    ]


def scored_and_priced(source: RankedResults, ranking: str, network: str, scope: str) -> pd.DataFrame:
    """Leaderboard rows of methods and controls with a score of models past the gate, and `seconds` of costs.csv."""
    costs, board = source.tables["costs"], source.board(ranking, network, scope)
    of_maps = costs[(costs["stage"] == "attribute") & (costs["network"] == network) & (costs["seconds"] > 0)]
    kept = board[board["mean"].notna() & (board["role"] != "oracle") & (board["status"] != BELOW_GATE)]
    return kept.merge(of_maps[["method", "seconds"]], on="method")


def unsurpassed(rows: pd.DataFrame, higher: bool) -> pd.DataFrame:
    """The methods that score better than every cheaper one, the cheapest first."""
    methods = rows[rows["role"] == "method"].sort_values(["seconds", "method"])
    score = methods["mean"] if higher else -methods["mean"]
    return methods[score > score.cummax().shift(fill_value=-np.inf)]


def _page(source: RankedResults, panels: list[tuple[str, str, pd.DataFrame]]) -> Figure:
    with style.journal():
        paper = frames.Frames(len(panels), COLUMNS, _HEIGHT, _ROOM, frames.legend_foot(_legend(), len(panels)))
        figure, axes = paper.draw()
        for axis, (group, ranking, rows) in zip(axes, panels, strict=True):
            under = f"{ranking}, {style.display_name(source.results.main_network)}"
            frames.head(axis, group, under, paper.width + _ROOM.right)
            _panel(axis, source.results.metric(rows["metric"].iloc[0]), rows)
        frames.write_legend(figure, _legend(), len(panels))
    return figure


def _panel(axis: Axes, metric: pd.Series, rows: pd.DataFrame) -> None:
    ends = scale.score_ends(metric, rows[["mean", "low", "high", "chance"]].to_numpy(dtype=float))
    axis.set(xscale="log", ylim=ends if metric["higher_is_better"] else ends[::-1])
    axis.set_xlim(rows["seconds"].min() / 1.5, rows["seconds"].max() * 1.5)
    axis.xaxis.set_major_locator(LogLocator(numticks=6))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlabel("seconds for the maps of one model", fontsize=7)
    axis.set_ylabel(style.shortened(rows["metric"].iloc[0], _LABEL, 7), fontsize=7)
    axis.axhline(rows["chance"].iloc[0], color=style.GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
    front = unsurpassed(rows, bool(metric["higher_is_better"]))
    axis.step(front["seconds"], front["mean"], where="post", color=style.GREY, linewidth=0.7, zorder=1)
    for row in rows.to_dict("records"):
        colour = _COLOURS[row["role"]]
        axis.plot([row["seconds"]] * 2, [row["low"], row["high"]], color=colour, linewidth=0.5, alpha=0.6, zorder=1)
        face = colour if row["role"] == "method" and row["rank"] != "" else "white"
        axis.plot(row["seconds"], row["mean"], style.MARKERS[row["role"]], color=colour, markerfacecolor=face,
                  markersize=3.2, markeredgewidth=0.7, zorder=2)  # fmt: skip
    chosen = list(dict.fromkeys([*front["method"], rows["control"].iloc[0], *rows["method"][rows["role"] == "method"]]))
    named = rows[rows["method"].isin(chosen[:NAMED])]
    names = named[["method", "seconds", "mean", "role"]].itertuples(index=False, name=None)
    frames.names_beside(axis, _HEIGHT, list(names), _NAMES)


def _legend() -> list[Line2D]:
    def mark(text: str, role: str, face: str) -> Line2D:
        return Line2D([], [], color=_COLOURS[role], marker=style.MARKERS[role], linestyle="", markersize=3.5,
                      markerfacecolor=face, label=text)  # fmt: skip

    return [
        mark("method, with 95 % interval", "method", _COLOURS["method"]),
        mark("method, not ranked", "method", "white"),
        mark("control", "control", "white"),
        Line2D([], [], color=style.GREY, linewidth=0.7, label="best mean for that time or less"),
        Line2D([], [], color=style.GREY, linewidth=0.6, linestyle=(0, (4, 3)), label="chance or constant map"),
    ]
