"""Figure: the share of each method's map that is wrong under networks whose mechanism is known."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bench.report.figures import style
from bench.report.rankings.ranked_results import RankedResults

#: by question, what a map is held against
TITLES = {
    "own": "Wrong about what the method says it shows (signed)",
    "subject": "Wrong about which regions count for the subject",
}
#: wrappings whose answers differ by more make a cell of their own mark
DIFFER = 0.01
_NOTE = f"share of a map that is wrong, mean over subjects and networks; * its wrappings differ by over {DIFFER}"
#: mm: a row of methods, and what lies above and below them
_ROW, _FRAME = 4.2, 34


def draw(source: RankedResults) -> list[Figure]:
    """One page a question, methods by mechanisms, each cell the mean over subjects; no page without such networks."""
    table = source.results.mechanisms
    return [_page(source, title, rows) for question, title in TITLES.items() if len(rows := by(table, question))]


def by(table: pd.DataFrame, question: str) -> pd.DataFrame:
    """Rows of mechanisms.csv of one question that have an answer."""
    return table[(table["question"] == question) & table["wrong"].notna()]


def wrong_by_mechanism(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Methods x mechanisms: the mean share that is wrong over models and wrappings, and how far wrappings differ."""
    each = rows.groupby(["method", "mechanism", "wrapping"], sort=False)["wrong"].mean()
    wrapped = each.groupby(["method", "mechanism"], sort=False)
    mean, spread = wrapped.mean().unstack(), (wrapped.max() - wrapped.min()).unstack()
    methods, mechanisms = rows["method"].unique(), rows["mechanism"].unique()
    return mean.loc[methods, mechanisms], spread.loc[methods, mechanisms]


def _page(source: RankedResults, title: str, rows: pd.DataFrame) -> Figure:
    mean, spread = wrong_by_mechanism(rows)
    with style.journal():
        figure = style.figure(style.DOUBLE, (_ROW * len(mean) + _FRAME) * style.MM)
        (axis,) = style.grid(figure, 1, 1)
        axis.imshow(mean.to_numpy(), cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
        axis.set_xticks(range(mean.shape[1]), mean.columns, rotation=40, ha="right")
        axis.set_yticks(range(len(mean)), [style.display_name(name) for name in mean.index])
        for tick, name in zip(axis.get_yticklabels(), mean.index, strict=True):
            tick.set_fontstyle("normal" if source.results.role(name) == "method" else "italic")
        apart = spread.to_numpy(dtype=float) > DIFFER
        for (row, column), value in np.ndenumerate(mean.to_numpy(dtype=float)):
            if not np.isnan(value):
                mark = "*" if apart[row, column] else ""
                axis.text(column, row, f"{value:.2f}{mark}", ha="center", va="center", fontsize=6)
        axis.set_title(f"{title}\n{_NOTE}", loc="left", fontsize=7)
    return figure
