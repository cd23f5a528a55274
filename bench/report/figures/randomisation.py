"""Figure: how a map changes as more of the network's layers are reset, against maps of other subjects (the floor)."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bench.columns.metric_names import LayerStep, MetricName
from bench.report.figures import style
from bench.report.rankings.means import ALL
from bench.report.rankings.ranked_results import RankedResults

COLUMNS = 6
#: mm: a row of panels, and what lies below the last
_HEIGHT, _FOOT = 34, 20
#: letters that fit above a panel
_TITLE = 20
_DASHES = (0, (4, 2))


def draw(source: RankedResults) -> list[Figure]:
    """One small panel per method, one line per network, as many networks a page as there are colours.

    There is no page where no metric has the columns `layer_k_of_L`.
    """
    curves = steps(source.tables["cells"])
    if curves.empty:
        return []
    family = sorted(curves["family"].unique())[0]
    curves = curves[curves["family"] == family]
    order = source.order(source.results.main_network)
    methods = [m for m in order if m in set(curves["method"]) and source.results.role(m) != "oracle"]
    return [
        _page(source, family, curves[curves["network"].isin(networks)], page, networks)
        for networks in style.even_parts(
            [n for n in source.results.networks if n in set(curves["network"])], len(style.COLOURS)
        )
        for page in style.pages(methods, COLUMNS, _HEIGHT, _FOOT)
    ]


def _page(source: RankedResults, family: str, curves: pd.DataFrame, methods: list[str], networks: list[str]) -> Figure:
    with style.journal():
        rows = -(-len(methods) // COLUMNS)
        figure = style.figure(style.DOUBLE, (_HEIGHT * rows + _FOOT) * style.MM)
        axes = style.grid(figure, len(methods), COLUMNS, sharex=True, sharey=True)
        for axis, method in zip(axes, methods, strict=True):
            _panel(axis, source, curves[curves["method"] == method], str(MetricName(family, "floor")), networks)
            slant = "normal" if source.results.role(method) == "method" else "italic"
            name = "\n".join(textwrap.wrap(style.display_name(method), _TITLE))
            axis.set_title(name, loc="left", style=slant, fontsize=7)
        for axis in axes[(rows - 1) * COLUMNS :]:
            axis.set_xlabel("share of\nlayers reset")
        figure.supylabel("similarity to the trained model's map", fontsize=8)
        figure.legend(handles=_legend(networks), loc="outside lower center", ncols=4)
    return figure


def _legend(networks: list[str]) -> list[Artist]:
    curves = [
        Line2D([], [], color=style.COLOURS[k], marker=style.SERIES_MARKERS[k], markersize=2.5,
               label=style.display_name(name))
        for k, name in enumerate(networks)
    ]  # fmt: skip
    band = Patch(color=style.GREY, alpha=0.2, linewidth=0, label="band: 95 % interval of the mean")
    floor = Line2D([], [], color=style.GREY, linewidth=0.8, linestyle=_DASHES)
    floor.set_label("floor: maps of different subjects")
    return [*curves, band, floor]


def is_curve(metric: str) -> bool:
    """True for the column of a point of a curve, which is no result of its curves."""
    return LayerStep.of(MetricName.of(metric).column) is not None


def steps(cells: pd.DataFrame) -> pd.DataFrame:
    """Rows of cells.csv over all simulators that belong to a curve, with family, share of layers reset."""
    rows = cells[cells["simulator"] == ALL]
    names = [MetricName.of(metric) for metric in rows["metric"]]
    points = [LayerStep.of(name.column) for name in names]
    share = [point.step / point.steps if point else np.nan for point in points]
    return rows.assign(family=[name.metric for name in names], share=share).dropna(subset="share")


def _panel(axis: Axes, source: RankedResults, curves: pd.DataFrame, floor: str, networks: list[str]) -> None:
    cells = source.tables["cells"]
    for k, (network, colour) in enumerate(zip(networks, style.COLOURS, strict=False)):
        mine = curves[curves["network"] == network].sort_values("share")
        if mine.empty:
            continue
        share, mean = [0.0, *mine["share"]], [1.0, *mine["mean"]]
        axis.fill_between(mine["share"], mine["low"], mine["high"], color=colour, alpha=0.2, linewidth=0)
        axis.plot(share, mean, color=colour, marker=style.SERIES_MARKERS[k], markersize=2.5)
        beneath = cells[(cells["metric"] == floor) & (cells["method"] == mine["method"].iloc[0])]
        beneath = beneath[(beneath["network"] == network) & (beneath["simulator"] == ALL)]
        for level in beneath["mean"].dropna():
            axis.axhline(level, color=colour, linewidth=0.8, linestyle=_DASHES)
    axis.axhline(0, color=style.FAINT, linewidth=0.5, zorder=0)
    axis.set_xticks(np.linspace(0, 1, 3), ["0", "½", "1"])
