"""Figure: healthy simulated subjects beside norms, quantity by quantity, with volumes and power of fine structure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.figures import style

#: quantities with a column of their own, and what stands above it
COLUMNS = {
    "cv": "variation\n(SD / mean)",
    "sides r": "correlation\nof sides",
    "sides r beside brain": "the same, brain\nvolume removed",
    "asymmetry p90": "asymmetry,\n90th percentile",
    "brain r": "correlation with\nbrain volume",
    "per decade of age": "log ratio\na decade",
    "men to women": "log ratio,\nmen to women",
}
_ROW, _SPARE, _LOWER = 5.0, 16.0, 48.0
#: structures whose volumes are drawn one by one
SHOWN = ("hippocampus", "thalamus", "lateral ventricle", "brain")
_POWER = r"power at ([\d.]+)/mm"


def draw(rows: pd.DataFrame, volumes: Mapping[str, np.ndarray], title: str) -> Figure:
    """One row a structure: the interval of the norm, its value, the simulated one; below, volumes and the spectrum.

    rows: in the columns of REALISM. volumes: by structure, in ml, (subjects, sides).
    """
    columns = {quantity: name for quantity, name in COLUMNS.items() if quantity in set(rows["quantity"])}
    judged = rows[rows["quantity"].isin(columns)]
    structures = list(dict.fromkeys(judged["structure"]))[::-1]
    height = _ROW * len(structures) + _SPARE + _LOWER
    with style.journal():
        figure = style.figure(style.DOUBLE, height * style.MM)
        parts: Any = figure.subfigures(2, 1, height_ratios=[height - _LOWER, _LOWER])
        upper, lower = parts
        axes = upper.subplots(1, len(columns), sharey=True)
        for axis, (quantity, name) in zip(axes, columns.items(), strict=True):
            _quantity(axis, judged[judged["quantity"] == quantity], structures)
            axis.set_title(name, loc="left", fontsize=7)
        axes[0].set_yticks(range(len(structures)), structures)
        upper.suptitle(f"{title}: bar = bounds of the norm, line = norm, dot = simulated (95 % interval)", fontsize=8)
        lower.suptitle("volumes of subjects; line = people's mean, at the size of the simulated head", fontsize=8)
        names = [name for name in SHOWN if name in volumes]
        below = lower.subplots(1, len(names) + 1, width_ratios=[1] * len(names) + [1.6])
        for axis, name in zip(below, names, strict=False):
            _distribution(axis, name, volumes[name], rows)
        _spectrum(below[-1], rows)
    return figure


def _quantity(axis: Axes, rows: pd.DataFrame, structures: list[str]) -> None:
    kept = rows[["low", "high", "norm", "simulated", "error"]].to_numpy(float)
    for name, verdict, (low, high, norm, simulated, error) in zip(
        rows["structure"], rows["verdict"], kept, strict=True
    ):
        place, inside = structures.index(name), verdict == "inside"
        axis.barh(place, high - low, left=low, height=0.7, color=style.FAINT)
        axis.plot([norm, norm], [place - 0.35, place + 0.35], color=style.GREY)
        mark, colour = ("o", style.COLOURS[0]) if inside else ("s", style.COLOURS[1])
        axis.errorbar(simulated, place, xerr=1.96 * error, fmt=mark, markersize=3, color=colour)
    axis.set_ylim(-0.6, len(structures) - 0.4)


def _distribution(axis: Axes, name: str, volumes: np.ndarray, rows: pd.DataFrame) -> None:
    axis.hist(volumes.ravel(), bins=24, color=style.COLOURS[0])
    norms = rows[rows["structure"] == name].set_index("quantity")["norm"]
    # where fluid alone is drawn, the norm is of all of the label
    if "ml a side" in norms and "share of fluid" not in norms:
        axis.axvline(norms["ml a side"], color=style.GREY)
    axis.set_xlabel(f"fluid of\n{name}, ml" if "share of fluid" in norms else f"{name}, ml")
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)


def _spectrum(axis: Axes, rows: pd.DataFrame) -> None:
    bands = rows[rows["quantity"].str.fullmatch(_POWER)]
    frequencies = bands["quantity"].str.extract(_POWER)[0].astype(float)
    axis.fill_between(frequencies, bands["low"], bands["high"], color=style.FAINT, linewidth=0)
    axis.axhline(1, color=style.GREY, linewidth=0.6)
    axis.errorbar(frequencies, bands["simulated"], yerr=1.96 * bands["error"], fmt="o-", markersize=3)
    axis.set_ylim(0, 1.8)
    axis.set_xlabel("cycles / mm at 2 mm")
    axis.set_ylabel("power / template's")
