"""The aggregated tables: rankings with their comparisons, every metric with its components, costs, gates, faults."""

import pandas as pd

from bench.report.load.schema import LEADERBOARD
from bench.report.load.study import Study
from bench.report.rankings import comparisons, floors, sanity, standing
from bench.report.rankings.cells import Block, Cells
from bench.report.rankings.cells import table as cells_table
from bench.report.rankings.contest import Contest, contests

DECIMALS = 4
_CONTEST = ["ranking", "metric", "truth", "view", "simulator", "network"]
_GATE_MEANS = [
    *("auc", "auc_reference", "competence", "auc_off", "separability_asked", "separability_reached", "train_subjects")
]


def leaderboard(study: Study, cells: Cells | None = None) -> pd.DataFrame:
    """One row per (ranking, simulator incl. `all`, network, method), sorted and rounded: what leaderboard.csv holds."""
    cells = cells or Cells.read(study)
    means = cells_table(study, cells.blocks)
    return _leaderboard(study, _contests(study, cells, sanity.table(study, means)), means, cells.gains)


def _leaderboard(
    study: Study, found: list[Contest], cells: pd.DataFrame, gains: dict[str, list[Block]]
) -> pd.DataFrame:
    told = [name for name in LEADERBOARD if name not in floors.COLUMNS]
    rows = _stacked([_named(contest, contest.table().join(standing.table(contest))) for contest in found], told)
    beside = {ranking: cells_table(study, blocks) for ranking, blocks in gains.items()}
    return rows.join(floors.columns(study, rows, cells, beside))[LEADERBOARD].round(DECIMALS)


def _comparisons(found: list[Contest]) -> pd.DataFrame:
    rows = [_named(contest, comparisons.table(contest)) for contest in found]
    return _stacked(rows, [*_CONTEST, *comparisons.COLUMNS]).round(6)


def _concordance(found: list[Contest]) -> pd.DataFrame:
    rows = [_named(contest, pd.DataFrame([standing.friedman(contest)])) for contest in found]
    return _stacked(rows, [*_CONTEST, *standing.CONCORDANCE]).round(DECIMALS)


def _stacked(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """The parts that have rows, one below the other: one without rows would turn numbers into objects."""
    held = [part for part in parts if len(part)]
    return pd.concat(held, ignore_index=True)[columns] if held else pd.DataFrame(columns=columns)


def _contests(study: Study, cells: Cells, judged: pd.DataFrame) -> list[Contest]:
    return [
        c for h in study.headlines for network in study.networks for c in contests(study, cells, h, network, judged)
    ]


def _named(contest: Contest, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the columns that say which contest they belong to, first."""
    h = contest.headline
    told = (h.ranking, h.metric, h.truth, h.view, contest.scope, contest.blocks[0].network)
    return rows.assign(**dict(zip(_CONTEST, told, strict=True)))[[*_CONTEST, *rows.columns]]


def costs(study: Study) -> pd.DataFrame:
    """costs.csv: per stage, network (and method where maps are made): cells, mean and total seconds, passes, MB."""
    rows = study.costs.assign(method=study.costs["method"].fillna("").where(study.costs["stage"] == "attribute", ""))
    grouped = rows.groupby(["stage", "network", "method"], observed=True)
    table = grouped.agg(
        n=("seconds", "size"), seconds=("seconds", "mean"), seconds_total=("seconds", "sum"),
        forward=("forward", "mean"), backward=("backward", "mean"), peak_mb=("peak_mb", "max"),
    )  # fmt: skip
    return table.reset_index().round(DECIMALS)


def gates(study: Study) -> pd.DataFrame:
    """gates.csv: per simulator and network the models, how many passed, their mean AUC and competence."""
    grouped = study.models.groupby(["simulator", "network"], sort=False)
    table = grouped.agg(
        **{"n_models": ("auc", "size"), "n_passed": ("passed", "sum")}, **{name: (name, "mean") for name in _GATE_MEANS}
    )
    return table.reset_index().round(DECIMALS)


def faults(study: Study) -> pd.DataFrame:
    """faults.csv: failures.csv with equal rows of several models counted once, the most frequent first."""
    keys = ["status", "stage", "network", "method", "metric", "reason"]
    counted = study.failures.groupby(keys, sort=True).size().reset_index(name="n")
    return counted.sort_values(["n", *keys], ascending=[False] + [True] * len(keys)).reset_index(drop=True)


def write(study: Study, cells: Cells) -> dict[str, pd.DataFrame]:
    """Write the aggregated tables (.csv) into the study's folder and return them by name."""
    means = cells_table(study, cells.blocks)
    judged = sanity.table(study, means)
    found = _contests(study, cells, judged)
    tables = {
        "leaderboard": _leaderboard(study, found, means, cells.gains),
        "comparisons": _comparisons(found),
        "concordance": _concordance(found),
        "components": cells.components.round(6),
        "cells": means.round(6),
        "sanity": judged.round(6),
        "costs": costs(study),
        "gates": gates(study),
        "faults": faults(study),
    }
    for name, table in tables.items():
        table.to_csv(study.folder / f"{name}.csv", index=False, lineterminator="\n")
    return tables
