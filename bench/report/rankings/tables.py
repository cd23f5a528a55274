"""The aggregated tables: rankings with their comparisons, every metric with its components, costs, gates, faults."""

import pandas as pd

from bench.columns.aggregated import (
    ACROSS_GROUPS,
    AGREEMENT,
    COMPARISONS,
    CONCORDANCE,
    FAILURE_COUNTS,
    FLOORS,
    GATES,
    LEADERBOARD,
)
from bench.columns.declaration import CONTEST, PLACE
from bench.report.load.results import Results
from bench.report.rankings import comparisons, floors, groups, means, refusals, sanity, standing
from bench.report.rankings.block import Block
from bench.report.rankings.blocks import Blocks
from bench.report.rankings.contest import Contest, contests

DECIMALS = 4


def _leaderboard(
    results: Results, every_contest: list[Contest], cells: pd.DataFrame, gains: dict[str, list[Block]]
) -> pd.DataFrame:
    parts = [_named(contest, contest.table().join(standing.table(contest))) for contest in every_contest]
    rows = means.within_bounds(results, _stacked(parts, LEADERBOARD.after(FLOORS)))
    beside = {ranking: means.table(results, blocks) for ranking, blocks in gains.items()}
    return rows.join(floors.columns(results, rows, cells, beside))[LEADERBOARD.names].round(DECIMALS)


def _comparisons(every_contest: list[Contest]) -> pd.DataFrame:
    rows = [_named(contest, comparisons.table(contest)) for contest in every_contest]
    return _stacked(rows, COMPARISONS.names).round(6)


def _concordance(every_contest: list[Contest]) -> pd.DataFrame:
    rows = [_named(contest, pd.DataFrame([standing.friedman(contest)])) for contest in every_contest]
    return _stacked(rows, CONCORDANCE.names).round(DECIMALS)


def _over_groups(results: Results, every_contest: list[Contest]) -> dict[str, pd.DataFrame]:
    """agreement.csv and across_groups.csv."""
    ranked: dict[tuple[str, str], list[Contest]] = {}
    for contest in every_contest:
        if contest.scope in results.groups:
            ranked.setdefault((contest.headline.ranking, contest.blocks[0].network), []).append(contest)
    together = [(mine, groups.Groups.of(mine)) for mine in ranked.values()]
    agreed = [_named(mine[0], pd.DataFrame([over.agreement()])) for mine, over in together]
    methods = [_named(mine[0], over.table()) for mine, over in together]
    return {
        "agreement": _stacked(agreed, AGREEMENT.names).round(DECIMALS),
        "across_groups": _stacked(methods, ACROSS_GROUPS.names).round(DECIMALS),
    }


def _stacked(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """The parts that have rows, one below the other: one without rows would turn numbers into objects."""
    held = [part for part in parts if len(part)]
    return pd.concat(held, ignore_index=True)[columns] if held else pd.DataFrame(columns=columns)


def _contests(results: Results, blocks: Blocks, judged: pd.DataFrame) -> list[Contest]:
    return [
        c
        for h in results.headlines
        for network in results.networks
        for c in contests(results, blocks, h, network, judged)
    ]


def _named(contest: Contest, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the columns that say which contest they belong to, first."""
    h = contest.headline
    names = (h.ranking, h.metric, h.truth, h.view, contest.scope, contest.blocks[0].network)
    return rows.assign(**dict(zip(CONTEST.names, names, strict=True)))[[*CONTEST.names, *rows.columns]]


def costs(results: Results) -> pd.DataFrame:
    """costs.csv: per stage, network (and method where maps are made): cells, mean and total seconds, passes, MB."""
    of_maps = results.costs["stage"] == "attribute"
    rows = results.costs.assign(method=results.costs["method"].fillna("").where(of_maps, ""))
    grouped = rows.groupby(["stage", "network", "method"], observed=True)
    table = grouped.agg(
        n=("seconds", "size"), seconds=("seconds", "mean"), seconds_total=("seconds", "sum"),
        forward=("forward", "mean"), backward=("backward", "mean"), peak_mb=("peak_mb", "max"),
    )  # fmt: skip
    return table.reset_index().round(DECIMALS)


def gates(results: Results) -> pd.DataFrame:
    """gates.csv: per simulator and network the models, how many passed, their mean AUC and competence."""
    grouped = results.models.groupby(PLACE.names, sort=False)
    means_of = {name: (name, "mean") for name in GATES.after(PLACE) if not name.startswith("n_")}
    table = grouped.agg(n_models=("auc", "size"), n_passed=("passed", "sum"), **means_of)
    return table.reset_index().round(DECIMALS)


def failure_counts(results: Results, refused: pd.DataFrame) -> pd.DataFrame:
    """failure_counts.csv: faults of failures.csv, and refusals; equal rows of several models are counted once.

    Faults come first, then what refuses a method as a whole, each with the most frequent first. refused: as the scores
    tell (`refusals.of_partition`), because tables of older code hold no refusals in failures.csv.
    """
    keys = FAILURE_COUNTS.names[:-1]
    faults = results.failures[~results.failures["status"].isin(refusals.SAID_NO)]
    counted = pd.concat([faults, refused]).groupby(keys, sort=True).size().reset_index(name="n")
    order = counted.assign(no_fault=counted["status"].isin(refusals.SAID_NO), part=counted["metric"] != "")
    ascending = [True, True, False] + [True] * len(keys)
    return counted.loc[order.sort_values(["no_fault", "part", "n", *keys], ascending=ascending).index].reset_index(
        drop=True
    )


def aggregate(results: Results, blocks: Blocks) -> dict[str, pd.DataFrame]:
    """The aggregated tables by name, sorted and rounded."""
    cells = means.table(results, blocks.all_strata)
    judged = sanity.table(results, cells)
    every_contest = _contests(results, blocks, judged)
    return {
        "leaderboard": _leaderboard(results, every_contest, cells, blocks.gains),
        "comparisons": _comparisons(every_contest),
        "concordance": _concordance(every_contest),
        **_over_groups(results, every_contest),
        "components": blocks.components.round(6),
        "cells": cells.round(6),
        "sanity": judged.round(6),
        "costs": costs(results),
        "gates": gates(results),
        "failure_counts": failure_counts(results, blocks.refused),
    }
