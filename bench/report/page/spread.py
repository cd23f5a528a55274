"""Variance components of the rankings for the page: one row per ranking, simulator and network."""

from dataclasses import dataclass

import pandas as pd

from bench.report.load.results import Results

_CASE = ["metric", "truth", "view", "simulator", "network"]


@dataclass(frozen=True)
class ComponentRow:
    """A ranking on a simulator and network: the row of components.csv of each component."""

    ranking: str
    first: int
    row_of: dict[str, int]


def rows(results: Results, components: pd.DataFrame) -> list[ComponentRow]:
    """The rows in the order of the rankings; other metrics stand in components.csv alone."""
    table = []
    for headline in results.headlines:
        chosen = components[(components["metric"] == headline.metric) & (components["truth"] == headline.truth)]
        for _, group in chosen[chosen["view"] == headline.view].groupby(_CASE, sort=False):
            row_of = dict(zip(group["component"], group.index.astype(int).tolist(), strict=True))
            table.append(ComponentRow(headline.ranking, int(group.index[0]), row_of))
    return table


def component_names(table: list[ComponentRow]) -> list[str]:
    """The components of any row, single factors first, the residual last."""
    every = dict.fromkeys(name for row in table for name in row.row_of)
    return sorted(every, key=lambda name: (name == "residual", name.count(" x ")))
