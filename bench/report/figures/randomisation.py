"""Figure: how a map changes as more of the network's layers are reset, against maps of other subjects (the floor)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.columns.metric_names import LayerStep, MetricName
from bench.report.figures import style
from bench.report.rankings.means import ALL
from bench.report.rankings.ranked_results import RankedResults

COLUMNS = 6
#: mm: a row of panels, and what lies below the last
_HEIGHT, _FOOT = 34, 12


def draw(source: RankedResults) -> list[Figure]:
    """One small panel per method, one line per network; no page where no metric has the columns `layer_k_of_L`."""
    curves = steps(source.tables["cells"])
    if curves.empty:
        return []
    family = sorted(curves["family"].unique())[0]
    curves = curves[curves["family"] == family]
    order = source.order(source.results.main_network)
    methods = [m for m in order if m in set(curves["method"]) and source.results.role(m) != "oracle"]
    return [_page(source, family, curves, page) for page in style.pages(methods, COLUMNS, _HEIGHT, _FOOT)]


def _page(source: RankedResults, family: str, curves: pd.DataFrame, methods: list[str]) -> Figure:
    with style.journal():
        rows = -(-len(methods) // COLUMNS)
        figure = style.figure(style.DOUBLE, (_HEIGHT * rows + _FOOT) * style.MM)
        axes = style.grid(figure, len(methods), COLUMNS, sharex=True, sharey=True)
        for axis, method in zip(axes, methods, strict=True):
            _panel(axis, source, curves[curves["method"] == method], str(MetricName(family, "floor")))
            slant = "normal" if source.results.role(method) == "method" else "italic"
            axis.set_title(style.display_name(method), loc="left", style=slant, fontsize=7)
        for lowest in axes[-COLUMNS:]:
            lowest.set_xlabel("layers reset")
        figure.supylabel("similarity to the trained model's map", fontsize=8)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def is_curve(metric: str) -> bool:
    """True for the column of a point of a curve, which is no result of its own."""
    return LayerStep.of(MetricName.of(metric).column) is not None


def steps(cells: pd.DataFrame) -> pd.DataFrame:
    """Rows of cells.csv over all simulators that belong to a curve, with family, share of layers reset."""
    rows = cells[cells["simulator"] == ALL]
    names = [MetricName.of(metric) for metric in rows["metric"]]
    points = [LayerStep.of(name.column) for name in names]
    share = [point.step / point.steps if point else np.nan for point in points]
    return rows.assign(family=[name.metric for name in names], share=share).dropna(subset="share")


def _panel(axis: Axes, source: RankedResults, curves: pd.DataFrame, floor: str) -> None:
    cells = source.tables["cells"]
    for k, network in enumerate(source.results.networks):
        mine = curves[curves["network"] == network].sort_values("share")
        if mine.empty:
            continue
        colour = style.COLOURS[k % len(style.COLOURS)]
        share, mean = [0.0, *mine["share"]], [1.0, *mine["mean"]]
        axis.fill_between(mine["share"], mine["low"], mine["high"], color=colour, alpha=0.2, linewidth=0)
        name, marker = style.display_name(network), style.SERIES_MARKERS[k % len(style.SERIES_MARKERS)]
        axis.plot(share, mean, color=colour, marker=marker, markersize=2.5, label=name)
        beneath = cells[(cells["metric"] == floor) & (cells["method"] == mine["method"].iloc[0])]
        beneath = beneath[(beneath["network"] == network) & (beneath["simulator"] == ALL)]
        for level in beneath["mean"].dropna():
            axis.axhline(level, color=colour, linewidth=0.8, linestyle=(0, (4, 2)), label=f"floor, {name}")
    axis.axhline(0, color=style.FAINT, linewidth=0.5, zorder=0)
    axis.set_xticks(np.linspace(0, 1, 3), ["0", "½", "1"])
