"""Figures: subjects in a latent plane with the trajectories of disease, and what features go with."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.figures import style
from bench.report.figures.compose import DIVERGING

_MOST = 24


def draw(title: str, places: pd.DataFrame, courses: pd.DataFrame | None = None) -> Figure:
    """Subjects by class in the plane of principal components and of t-SNE.

    places: one row per subject, columns target, pca_1, pca_2, tsne_1, tsne_2. courses: columns subject, strength,
    pca_1, pca_2: the same patients from health to disease, drawn as thin lines with their mean as a thick one.
    """
    with style.journal():
        page = style.figure(style.DOUBLE, 75 * style.MM)
        left, right = style.grid(page, 2, 2)
        _scatter(left, places, "pca", "principal component")
        _scatter(right, places, "tsne", "t-SNE axis")
        if courses is not None:
            for _, one in courses.groupby("subject"):
                left.plot(one["pca_1"], one["pca_2"], color=style.GREY, linewidth=0.4, alpha=0.7, zorder=1)
            mean = courses.groupby("strength")[["pca_1", "pca_2"]].mean()
            left.plot(
                mean["pca_1"], mean["pca_2"], color="black", marker="o", markersize=2.5, label="health to disease"
            )
        left.legend(loc="best")
        page.suptitle(title, fontsize=8)
    return page


def _scatter(axis: Axes, places: pd.DataFrame, kind: str, name: str) -> None:
    values = places["target"]
    classes = sorted(values.unique()) if values.nunique() <= len(style.COLOURS) else []
    for k, target in enumerate(classes):
        members = places[values == target]
        marker, colour = style.SERIES_MARKERS[k], style.COLOURS[k]
        x, y = members[f"{kind}_1"], members[f"{kind}_2"]
        axis.scatter(x, y, 9, colour, marker=marker, linewidths=0, label=f"class {target:g}")
    if not classes:
        drawn = axis.scatter(places[f"{kind}_1"], places[f"{kind}_2"], 9, values, linewidths=0, cmap="viridis")
        axis.figure.colorbar(drawn, ax=axis, label="target")
    axis.set_xlabel(f"{name} 1")
    axis.set_ylabel(f"{name} 2")


def heat(title: str, table: pd.DataFrame) -> Figure:
    """Correlations (features x known latents) as colours; the latents that any feature goes with most, at most 24."""
    order = table.abs().max().sort_values(ascending=False, kind="stable").index[:_MOST]
    strongest = table[order]
    with style.journal():
        page = style.figure(style.DOUBLE, (45 + 3.2 * len(order)) * style.MM)
        (axis,) = style.grid(page, 1, 1)
        drawn = axis.imshow(
            strongest.to_numpy().T, cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto", interpolation="nearest"
        )
        axis.set_yticks(np.arange(len(order)), [name.replace("_", " ") for name in order])
        axis.set_xlabel("feature that the readout reads")
        page.colorbar(drawn, ax=axis, label="Spearman correlation")
        page.suptitle(title, fontsize=8)
    return page
