"""Figure: quality of the maps against how well the model separates the classes; models below the gate are hollow."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from bench.report.figures import scale, style
from bench.report.load.results import Ranking
from bench.report.rankings.ranked_results import RankedResults

SHOWN = 5
COLUMNS = 3
#: mm: a row of panels, and what lies below the last
_HEIGHT, _FOOT = 52, 17
#: points by which a method's marks stand beside those of the one before, so that equal scores hide nothing
_ASIDE = 1.2
#: letters of a title, over all columns
_TITLES = 110
#: AUCs that lie closer are not pulled further apart
_NARROWEST = 0.1
#: no AUC is above 1, which keeps room for its mark
_HIGHEST = 1.006


class _Panel(NamedTuple):
    """A network on a simulator, with a mark per model and method."""

    simulator: str
    network: str
    points: pd.DataFrame


def draw(source: RankedResults) -> list[Figure]:
    """One panel per simulator and network, one mark per model and method; no page without models."""
    headline = source.headline
    if headline is None:
        return []
    means = source.per_model[source.per_model["ranking"] == headline.ranking]
    keys = ["simulator", "network", "data_seed", "model_seed"]
    points = means.merge(source.results.models, on=keys).dropna(subset=["auc", "value"])
    if points.empty:
        return []
    methods = _methods(source, set(points["method"]))
    by_place = dict(iter(points[points["method"].isin(methods)].groupby(["simulator", "network"])))
    places = [(simulator, network) for simulator in source.results.simulators for network in source.results.networks]
    panels = [_Panel(*place, by_place[place]) for place in places if place in by_place]
    columns = min(COLUMNS, len(source.results.networks))
    most = columns * max(1, int((style.TALLEST / style.MM - _FOOT) // _HEIGHT))
    return [_page(source, headline, panels[k : k + most], methods, columns) for k in range(0, len(panels), most)]


def _page(source: RankedResults, headline: Ranking, panels: list[_Panel], methods: list[str], columns: int) -> Figure:
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    scores = pd.concat([panel.points["value"] for panel in panels]).to_numpy(dtype=float)
    up = scale.score_ends(source.results.metric(headline.metric), scores)
    with style.journal():
        figure = style.figure(style.DOUBLE if columns > 1 else style.SINGLE, (_HEIGHT * rows + _FOOT) * style.MM)
        axes = style.grid(figure, len(panels), columns, sharey=True)
        for axis, panel in zip(axes, panels, strict=True):
            _draw_panel(axis, source, headline, panel, methods)
            names = style.display_name(panel.simulator), style.display_name(panel.network)
            axis.set_title(style.wrapped(" on ".join(names), _TITLES // columns), loc="left", fontsize=7)
            axis.set_ylim(*up)
        for axis in axes[(rows - 1) * columns :]:
            axis.set_xlabel(_across(len(methods)))
        figure.supylabel(f"{style.display_name(headline.metric)}, mean of the model", fontsize=8)
        legend = _legend(methods)
        most = style.legend_columns(legend) if columns > 1 else 2
        figure.legend(handles=legend, loc="outside lower center", ncols=min(4, most))
    return figure


def _middle(methods: int) -> float:
    """Place in the row of methods at which marks stand at their AUC."""
    return (methods - 1) / 2


def _across(methods: int) -> str:
    """The label of the AUCs, with how far marks stand beside theirs."""
    most = _middle(methods) * _ASIDE / 72 / style.MM
    aside = f"; marks stand beside it by\nup to {most:.1f} mm, one method by the other, even past 1" if most else ""
    return f"test AUC of the model{aside}"


def _methods(source: RankedResults, scored: set[str]) -> list[str]:
    """Of the methods scored the best on the main network's first group, and the best control."""
    results = source.results
    roles = {name: results.role(name) for name in source.order(results.main_network) if name in scored}
    best, controls = ([name for name, role in roles.items() if role == kind] for kind in ("method", "control"))
    return [*best[:SHOWN], *controls[:1]]


def _draw_panel(axis: Axes, source: RankedResults, headline: Ranking, panel: _Panel, methods: list[str]) -> None:
    for k, method in enumerate(methods):
        aside = ScaledTranslation((k - _middle(len(methods))) * _ASIDE / 72, 0, axis.figure.dpi_scale_trans)
        for passed, face in ((True, style.COLOURS[k]), (False, "none")):
            mine = panel.points[(panel.points["method"] == method) & (panel.points["passed"] == passed)]
            axis.plot(mine["auc"], mine["value"], style.SERIES_MARKERS[k], color=style.COLOURS[k], markersize=3.5,
                      markerfacecolor=face, markeredgewidth=0.7, transform=axis.transData + aside)  # fmt: skip
    reached = panel.points["separability_reached"].dropna()
    for observer in reached.unique():
        axis.axvline(observer, color=style.GREY, linewidth=0.7, linestyle=(0, (1, 2)), zorder=0)
    low, high = scale.with_room([*panel.points["auc"], *reached], _NARROWEST)
    beyond = max(0.0, high - _HIGHEST)
    axis.set_xlim(low - beyond, high - beyond)
    chance = source.results.metric(headline.metric)["chance"]
    if not np.isnan(chance):
        axis.axhline(chance, color=style.GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)


def _legend(methods: list[str]) -> list[Line2D]:
    marks = [
        Line2D([], [], color=style.COLOURS[k], marker=style.SERIES_MARKERS[k], linestyle="",
               markersize=4, label=style.display_name(name))
        for k, name in enumerate(methods)
    ]  # fmt: skip
    hollow = Line2D([], [], color=style.GREY, marker="o", linestyle="", markersize=4, markerfacecolor="none")
    hollow.set_label("below the gate")
    observer = Line2D([], [], color=style.GREY, linewidth=0.7, linestyle=(0, (1, 2)), label="observer's AUC")
    chance = Line2D([], [], color=style.GREY, linewidth=0.7, linestyle=(0, (4, 3)), label="chance")
    return [*marks, hollow, observer, chance]
