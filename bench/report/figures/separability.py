"""Figure: quality of the maps against how well the model separates the classes; models below the gate are hollow."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.report.figures import style
from bench.report.load.results import Ranking
from bench.report.rankings.ranked_results import RankedResults

SHOWN = 5
COLUMNS = 3
#: mm: a row of panels, and what lies below the last
_HEIGHT, _FOOT = 62, 14


def draw(source: RankedResults) -> list[Figure]:
    """One panel per simulator, one mark per model and method; no page without models."""
    headline = source.headline
    if headline is None:
        return []
    means = source.per_model[source.per_model["ranking"] == headline.ranking]
    keys = ["simulator", "network", "data_seed", "model_seed"]
    points = means.merge(source.results.models, on=keys)
    if points.empty:
        return []
    pages = style.pages(source.results.simulators, COLUMNS, _HEIGHT, _FOOT)
    return [_page(source, headline, points, page) for page in pages]


def _page(source: RankedResults, headline: Ranking, points: pd.DataFrame, simulators: list[str]) -> Figure:
    methods = _methods(source, set(points["method"]))
    columns = min(COLUMNS, len(simulators))
    rows = -(-len(simulators) // columns)
    with style.journal():
        figure = style.figure(style.DOUBLE if columns > 1 else style.SINGLE, (_HEIGHT * rows + _FOOT) * style.MM)
        axes = style.grid(figure, len(simulators), COLUMNS, sharex=True, sharey=True)
        for axis, simulator in zip(axes, simulators, strict=True):
            _panel(axis, source, headline, points[points["simulator"] == simulator], methods)
            axis.set_title(style.display_name(simulator), loc="left")
        figure.legend(handles=_legend(methods), loc="outside lower center", ncols=4 if columns > 1 else 2)
    return figure


def _methods(source: RankedResults, scored: set[str]) -> list[str]:
    """Of the methods scored the best on the main network's first group, and the best control."""
    results = source.results
    roles = {name: results.role(name) for name in source.order(results.main_network) if name in scored}
    best, controls = ([name for name, role in roles.items() if role == kind] for kind in ("method", "control"))
    return [*best[:SHOWN], *controls[:1]]


def _panel(axis: Axes, source: RankedResults, headline: Ranking, points: pd.DataFrame, methods: list[str]) -> None:
    for k, method in enumerate(methods):
        colour, marker = style.COLOURS[k % len(style.COLOURS)], style.SERIES_MARKERS[k % len(style.SERIES_MARKERS)]
        for passed, face in ((True, colour), (False, "none")):
            mine = points[(points["method"] == method) & (points["passed"] == passed)]
            axis.plot(mine["auc"], mine["value"], marker, color=colour, markerfacecolor=face, markersize=4, alpha=0.9,
                      markeredgewidth=0.8)  # fmt: skip
    for reached in points["separability_reached"].dropna().unique():
        axis.axvline(reached, color=style.GREY, linewidth=0.7, linestyle=(0, (1, 2)), zorder=0)
    chance = source.results.metric(headline.metric)["chance"]
    if not np.isnan(chance):
        axis.axhline(chance, color=style.GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
    axis.set_xlabel("test AUC of the model")
    if axis.get_subplotspec().is_first_col():  # type: ignore[union-attr]
        axis.set_ylabel(f"{style.display_name(headline.metric)}, mean of the model")


def _legend(methods: list[str]) -> list[Line2D]:
    marks = [
        Line2D([], [], color=style.COLOURS[k % len(style.COLOURS)], marker=style.SERIES_MARKERS[k % 6], linestyle="",
               markersize=4, label=style.display_name(name))
        for k, name in enumerate(methods)
    ]  # fmt: skip
    hollow = Line2D([], [], color=style.GREY, marker="o", linestyle="", markersize=4, markerfacecolor="none")
    hollow.set_label("below the gate")
    observer = Line2D([], [], color=style.GREY, linewidth=0.7, linestyle=(0, (1, 2)), label="observer's AUC")
    return [*marks, hollow, observer]
