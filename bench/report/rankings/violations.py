"""Rules that hold on the tables of every study: each broken one is one sentence."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from bench.report.load import partitions
from bench.report.load.results import Results
from bench.report.rankings import validity
from bench.report.statistics.arrays import GROUP
from bench.report.statistics.intervals import of_sample

#: the control whose maps carry no information at all: it must sit at the chance level a metric declares
RANDOM = "random"
FAMILY_WISE = 0.99
TOLERANCE = 1e-6


def violations(results: Results) -> list[str]:
    """Sentences naming every broken rule of this study's tables; empty if all hold."""
    parts = partitions.each(results, _part)
    if not parts:
        return ["the study holds no scores"]
    broken, random, counted = zip(*parts, strict=True)
    by_part = [sentence for part in broken for sentence in part]
    gaps = validity.gaps(results, pd.concat(counted))
    return [*by_part, *gaps, *random_at_chance(results, pd.concat(random))]


def _part(
    results: Results, simulator: str, network: str, scores: pd.DataFrame
) -> tuple[list[str], pd.DataFrame, pd.DataFrame]:
    """Broken rules of a partition, the rows of its random control, and how many rows it has of each status."""
    ok = scores[scores["status"] == "ok"]
    faults = [
        *values_with_status(scores),
        *within_bounds(results, scores),
        *headlines_scored(results, simulator, scores),
        *oracle_leads(results, ok),
    ]
    random = ok[ok["method"] == RANDOM]
    return [f"{simulator}, {network}: {f}" for f in faults], random, validity.count(results, simulator, network, scores)


def values_with_status(scores: pd.DataFrame) -> Iterator[str]:
    """A value exists exactly where the status is ok; whatever is not ok has a reason; no row stands twice."""
    ok, finite = scores["status"] == "ok", np.isfinite(scores["value"])
    if count := int((ok & ~finite).sum()):
        yield f"{count} rows are ok without a finite value"
    if count := int((~ok & scores["value"].notna()).sum()):
        yield f"{count} rows have a value although they are not ok"
    if count := int((~ok & (scores["reason"] == "")).sum()):
        yield f"{count} rows are not ok and give no reason"
    if count := int(scores.duplicated([*GROUP, "data_seed", "model_seed", "subject", "split"]).sum()):
        yield f"{count} rows stand twice"


def within_bounds(results: Results, scores: pd.DataFrame) -> Iterator[str]:
    """Every value of a metric lies in the interval the metric declares; columns beside it are not bounded by it."""
    for name, rows in scores[scores["status"] == "ok"].groupby("metric", observed=True):
        bounds = results.metrics[results.metrics["metric"] == name]
        for low, high in bounds[["low", "high"]].itertuples(index=False):
            outside = (rows["value"] < low - TOLERANCE) | (rows["value"] > high + TOLERANCE)
            if outside.any():
                worst = rows.loc[outside, "value"].iloc[0]
                yield f"{int(outside.sum())} values of {name} lie outside [{low:g}, {high:g}], for example {worst:.6g}"


def headlines_scored(results: Results, simulator: str, scores: pd.DataFrame) -> Iterator[str]:
    """Every ranking has at least one value in every simulator and network, unless told why not.

    The validity matrix tells, or every row does: a network that cannot be trained as the study asks is unsupported.
    """
    gaps, unsupported = validity.undefined(results, simulator), (scores["status"] == "unsupported").all()
    ok = scores[scores["status"] == "ok"]
    for h in results.headlines:
        if (
            (h.metric, h.truth) not in gaps
            and not unsupported
            and not ((ok["metric"] == h.metric) & (ok["truth"] == h.truth) & (ok["view"] == h.view)).any()
        ):
            yield f"the ranking {h.ranking} is empty: no value of {h.metric} on {h.truth} ({h.view})"


def oracle_leads(results: Results, ok: pd.DataFrame) -> Iterator[str]:
    """In every (localisation metric, truth) the oracle of that truth is at least as high as every method and control.

    Compared as the means over all models and subjects that both have. A study that runs no oracle of a truth says
    nothing about that truth. Other oracles are told something as well, and may be as right or, in regions whose truth
    is noise, by chance more so.
    """
    contenders = pd.Index(results.methods["method"][results.methods["role"] != "oracle"])
    localising = set(results.metrics["metric"][results.metrics["localisation"]])
    cells = ok[ok["metric"].isin(localising) & (ok["truth"] != "")]
    for (metric, truth, view), rows in cells.groupby(["metric", "truth", "view"], observed=True):
        sign = 1 if results.metric(str(metric))["higher_is_better"] else -1
        table = sign * rows.pivot_table(
            index=["data_seed", "model_seed", "subject"], columns="method", values="value", observed=True
        )
        asked = oracles_of(results, str(truth))
        oracles = [name for name in asked if name in table]
        if asked and not oracles:
            yield f"the oracle of {truth} has no value of {metric} ({view})"
        if not oracles:
            continue
        best = str(table[oracles].mean().idxmax())
        for method in table.columns.intersection(contenders):
            theirs, its = table[[method, best]].dropna().mean().to_numpy()
            if theirs > its + TOLERANCE:
                scores = f"{sign * theirs:.4f} against {sign * its:.4f}"
                yield f"{method} beats the oracle {best} in {metric} on {truth} ({view}), {scores}"


def oracles_of(results: Results, truth: str) -> list[str]:
    """Names of the oracles that show `truth`."""
    oracles = results.methods[results.methods["role"] == "oracle"]
    return list(oracles["method"][oracles["truth"] == truth])


def random_at_chance(results: Results, random: pd.DataFrame) -> list[str]:
    """The random control reaches the declared chance of every localisation metric, family-wise at 99 %.

    Random maps are drawn anew for every model and subject, so the values of a cell are independent. Few of them are
    high, so the t statistic of their mean is corrected for skewness; its level is split over the cells (Bonferroni).
    Region truths that differ between models do not matter: chance is what the metric declares for any truth.
    """
    declared = results.metrics[results.metrics["localisation"] & results.metrics["chance"].notna()]
    chance = dict(zip(declared["metric"], declared["chance"], strict=True))
    values = random[random["metric"].isin(set(chance))]
    keys = ["simulator", "network", "metric", "truth", "view"]
    cells = [(key, rows["value"].to_numpy()) for key, rows in values.groupby(keys, observed=True) if len(rows) > 1]
    sentences: list[str] = []
    for (simulator, network, metric, truth, view), x in cells:
        level = 1 - (1 - FAMILY_WISE) / len(cells)
        allowed = stats.t.ppf((1 + level) / 2, len(x) - 1)
        away = float(of_sample(x - chance[str(metric)]).ratio)
        if abs(x.mean() - chance[str(metric)]) > TOLERANCE and abs(away) > allowed:
            sentences.append(
                f"{simulator}, {network}: random scores {x.mean():.4f} in {metric} on {truth} ({view}), "
                f"not the chance {chance[str(metric)]:g} ({abs(away):.1f} standard errors away, allowed {allowed:.1f})"
            )
    return sentences
