"""How well metrics that need no truth predict the rankings that a simulator allows: what to trust in real images."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.report.models import Table, mean, spearman
from bench.report.reliability import split_half
from bench.report.study import Study

PROXIES = ["proxy", "ranking", "spearman", "low", "high", "ceiling", "over_models", "n_units", "n_methods"]


def candidates(study: Study) -> set[str]:
    """Metrics that read no truth and nothing else that only a simulator knows."""
    # tables written before metrics said so have no such column
    written = pd.read_csv(study.folder / "metrics.csv").set_index("metric")
    assisted = set(written.index[written["assisted"]]) if "assisted" in written else set()
    free = study.metrics[(study.metrics["truths"] == "") & (study.metrics["kind"] != "compare")]
    return set(free["metric"]) - assisted


def proxies(tables: list[Table], criteria: dict[str, list[Table]], names: set[str]) -> pd.DataFrame:
    """One row a proxy and ranking of one simulator and network; columns PROXIES.

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
    return pd.DataFrame(rows, columns=PROXIES)


def _validity(pairs: list[tuple[Table, Table]]) -> list[float]:
    means = [pd.concat([a.means, b.means], axis=1, keys=["proxy", "ranking"]).dropna() for a, b in pairs]
    within = [float(spearman(m["proxy"].to_numpy(), m["ranking"].to_numpy())) for m in means]
    seeds = [a.data_seed for a, _ in pairs]
    reached = [np.sqrt(split_half(a.complete) * split_half(b.complete)) for a, b in pairs]
    known, methods = int(np.isfinite(within).sum()), max(len(m) for m in means)
    return [mean(within), *_interval(within, seeds), mean(reached), _over_models(means), known, methods]


def _interval(values: list[float], seeds: list[int]) -> tuple[float, float]:
    """95 % t-interval over data seeds, models of a seed averaged, within [-1, 1]; NaN for fewer than two seeds."""
    by_seed = pd.Series(values).groupby(seeds).mean().dropna()
    if len(by_seed) < 2:
        return float("nan"), float("nan")
    half = stats.t.ppf(0.975, len(by_seed) - 1) * by_seed.std() / np.sqrt(len(by_seed))
    return max(float(by_seed.mean() - half), -1.0), min(float(by_seed.mean() + half), 1.0)


def _over_models(means: list[pd.DataFrame]) -> float:
    """Mean over methods of the Spearman correlation over models; NaN for fewer than three models."""
    wide = pd.concat(means, keys=range(len(means)), names=["model", "method"])
    found = [
        float(spearman(rows["proxy"].to_numpy(), rows["ranking"].to_numpy())) for _, rows in wide.groupby("method")
    ]
    return mean(found)
