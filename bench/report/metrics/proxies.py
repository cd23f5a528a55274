"""Proxies of the rankings that a simulator allows: metrics that need no truth, which remain in real images."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.columns.aggregated import PROXIES
from bench.columns.declaration import PLACE
from bench.report.load.results import Results
from bench.report.metrics.models import Table
from bench.report.statistics.correlation import mean, spearman
from bench.report.statistics.intervals import Array

_COLUMNS = PROXIES.after(PLACE)


def candidates(results: Results) -> set[str]:
    """Metrics that read no truth and nothing else that only a simulator knows."""
    free = (results.metrics["truths"] == "") & ~results.metrics["assisted"]
    return set(results.metrics["metric"][free])


def proxies(tables: list[Table], criteria: dict[str, list[Table]], names: set[str]) -> pd.DataFrame:
    """One row per proxy and ranking of one simulator and network; columns of PROXIES.

    spearman: correlation over methods, within a model, of the mean scores by the proxy and by the ranking's metric,
    higher better in both; mean over models, with a 95 % t-interval over data seeds. ceiling: the mean of
    sqrt(r_proxy r_ranking) of their split-half reliabilities, which a perfect proxy measured as well would reach.
    over_models: the correlation over models of one method's scores, mean over methods.
    """
    rows = []
    for ranking, wanted in criteria.items():
        by_unit = {t.unit: t for t in wanted}
        for proxy in sorted({t.metric for t in tables} & names):
            pairs = [(t, by_unit[t.unit]) for t in tables if t.metric == proxy and t.unit in by_unit]
            if pairs:
                rows.append([proxy, ranking, *_validity(pairs)])
    return pd.DataFrame(rows, columns=_COLUMNS)


def _validity(pairs: list[tuple[Table, Table]]) -> list[float]:
    methods = dict.fromkeys(name for pair in pairs for t in pair for name in t.means.index)
    place = {name: column for column, name in enumerate(methods)}
    proxy, ranking = (np.stack([_placed(t.means, place) for t in side]) for side in zip(*pairs, strict=True))
    within, over = (_related(p, r).tolist() for p, r in ((proxy, ranking), (proxy.T, ranking.T)))
    seeds = [a.data_seed for a, _ in pairs]
    reached = [np.sqrt(a.reliability * b.reliability) for a, b in pairs]
    known, most = int(np.isfinite(within).sum()), int((~np.isnan(proxy + ranking)).sum(1).max())
    return [mean(within), *_interval(within, seeds), mean(reached), mean(over), known, most]


def _placed(means: pd.Series, place: dict[str, int]) -> Array:
    """The means of methods at their places, NaN where there is none."""
    row = np.full(len(place), np.nan)
    row[[place[name] for name in means.index]] = means.to_numpy()
    return row


def _related(a: Array, b: Array) -> Array:
    """(K,): Spearman correlation of the rows of a and b (K, N) over the places where both have a value."""
    held, correlations = ~np.isnan(a + b), np.full(len(a), np.nan)
    for places in np.unique(held, axis=0):
        rows = (held == places).all(1)
        correlations[rows] = spearman(a[rows][:, places], b[rows][:, places])
    return correlations


def _interval(values: list[float], seeds: list[int]) -> tuple[float, float]:
    """95 % t-interval over data seeds, models of a seed averaged, within [-1, 1]; NaN for fewer than two seeds."""
    by_seed = pd.Series(values).groupby(seeds).mean().dropna()
    if len(by_seed) < 2:
        return float("nan"), float("nan")
    half = stats.t.ppf(0.975, len(by_seed) - 1) * by_seed.std() / np.sqrt(len(by_seed))
    return max(float(by_seed.mean() - half), -1.0), min(float(by_seed.mean() + half), 1.0)
