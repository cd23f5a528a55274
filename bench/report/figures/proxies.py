"""Figure: which metrics without a truth order the methods as a ranking does, and how well they could."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.report.figures import frames, style
from bench.report.rankings.ranked_results import RankedResults

COLUMNS = 3
#: mm of a proxy in a panel: the least, and of each network; what lies around a panel
_LINE, _NETWORK, _ROOM = 4.2, 1.7, frames.Room(30, 2, 10, 10)
_NAMES = 27.0


def draw(source: RankedResults) -> list[Figure]:
    """One panel per ranking and simulator, as many networks a page as there are colours; none without proxies."""
    table = source.of_metrics["proxies"]
    rows = table[table["spearman"].notna()]
    names = sorted(rows["proxy"].unique())
    panels = [
        (ranking, simulator)
        for ranking in source.results.about["headline"]
        for simulator in source.results.simulators
        if ((rows["ranking"] == ranking) & (rows["simulator"] == simulator)).any()
    ]
    columns = frames.square(len(panels), COLUMNS)
    return [
        _page(rows[rows["network"].isin(networks)], page, columns, names, networks)
        for networks in style.even_parts(
            [n for n in source.results.networks if n in set(rows["network"])], len(style.COLOURS)
        )
        for page in frames.paged(
            panels, columns, _high(names, networks), _ROOM, frames.legend_foot(_legend(networks), len(panels))
        )
    ]


def _high(names: list[str], networks: list[str]) -> float:
    return len(names) * max(_LINE, _NETWORK * len(networks))


def _page(
    rows: pd.DataFrame, panels: list[tuple[str, str]], columns: int, names: list[str], networks: list[str]
) -> Figure:
    legend = _legend(networks)
    with style.journal():
        paper = frames.Frames(
            len(panels), columns, _high(names, networks), _ROOM, frames.legend_foot(legend, len(panels))
        )
        figure, axes = paper.draw()
        for axis, (ranking, simulator) in zip(axes, panels, strict=True):
            _panel(axis, rows[(rows["ranking"] == ranking) & (rows["simulator"] == simulator)], names, networks)
            indent = _ROOM.left - 2
            frames.head(axis, simulator, f"against {ranking}", paper.width + indent, indent)
        frames.write_legend(figure, legend, len(panels))
    return figure


def _panel(axis: Axes, rows: pd.DataFrame, names: list[str], networks: list[str]) -> None:
    place = {name: y for y, name in enumerate(names)}
    for row in rows.to_dict("records"):
        k = networks.index(row["network"])
        y, colour = place[row["proxy"]] + 0.7 * ((k + 0.5) / len(networks) - 0.5), style.COLOURS[k]
        axis.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=0.9, solid_capstyle="butt")
        axis.plot(row["spearman"], y, style.SERIES_MARKERS[k], color=colour, markersize=3)
        axis.plot(row["ceiling"], y, "|", color=colour, markersize=5, markeredgewidth=1.2)
    axis.axvline(0, color=style.GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
    axis.set_yticks(range(len(names)), [style.shortened(name, _NAMES) for name in names], fontsize=6)
    axis.set(xlim=(-1.05, 1.05), ylim=(len(names) - 0.4, -0.6))
    axis.set_xticks([-1, -0.5, 0, 0.5, 1], ["−1", "−½", "0", "½", "1"], fontsize=6)
    axis.set_xlabel("rank correlation", fontsize=7, labelpad=1)
    axis.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)


def _legend(networks: list[str]) -> list[Line2D]:
    marks = [
        Line2D([], [], color=style.COLOURS[k], marker=style.SERIES_MARKERS[k], linestyle="", markersize=3.5,
               label=style.shortened(name, 40.0))
        for k, name in enumerate(networks)
    ]  # fmt: skip
    interval = Line2D([], [], color=style.GREY, linewidth=0.9, label="95 % interval")
    ceiling = Line2D([], [], color=style.GREY, marker="|", linestyle="", markersize=5, markeredgewidth=1.2)
    ceiling.set_label("what a perfect proxy, measured as well, would reach")
    return [*marks, interval, ceiling]
