"""Many comparisons at once: p-values and bounds that hold for all of them together.

K one-sided comparisons have p-values p[k] from the t-statistics of their own degrees of freedom. Their normal scores
z[k] = Phi^-1(1 - p[k]) are compared with the largest of Z ~ N(0, R), where R is the correlation of the K means: the
step-down procedure of Westfall & Young (1993, Resampling-Based Multiple Testing) with the multivariate distribution of
Hothorn, Bretz & Westfall (2008, Biometrical Journal 50:346) in place of permutations. Flipping the signs of data seeds
was not chosen: it takes the subjects for fixed, and with 5 data seeds its smallest p-value is 1/32 before, and above
.05 after, any correction for two comparisons.

R is estimated from as few numbers as there are data seeds, so it is shrunk towards independence, where the largest of
K is largest, by the share of its off-diagonal that is noise (Schaefer & Strimmer 2005, Statistical Applications in
Genetics and Molecular Biology 4:32). With few data seeds hardly any of it is left.
"""

import numpy as np
from scipy import stats

from bench.report.statistics.intervals import Array, common

DRAWS = 20_000
LEVEL = 0.05


def claim_correlation(tables: list[Array], freedom: float) -> Array:
    """The shrunk correlation (K, K) of the means over simulators of tables (K, D, I), a list of one a simulator.

    The covariance of the means is that of `intervals`, with matrices in place of mean squares, and is added up over
    the simulators. freedom: degrees of freedom behind it. Tables that do not vary, and all where D or I is below 2,
    are taken for independent.
    """
    lacking = np.stack([np.isnan(x).all((1, 2)) for x in tables])
    count = (~lacking).sum(0)
    covariance = np.zeros((len(count), len(count)))
    for x, without in zip(tables, lacking, strict=True):
        if without.all():
            continue
        held = np.ix_(~without, ~without)
        covariance[held] += _covariance(common(x[~without])[0])
    return _shrunk(_scaled(covariance / np.maximum(np.outer(count, count), 1)), freedom)


def _covariance(x: Array) -> Array:
    """The covariance (K, K) of the means of complete crossed tables x (K, D, I); zero where D or I is below 2."""
    count, seeds, subjects = x.shape
    if min(seeds, subjects) < 2:
        return np.zeros((count, count))
    centred = x - x.mean((1, 2), keepdims=True)
    of_seed, of_subject = centred.mean(2), centred.mean(1)
    rest = (centred - of_seed[:, :, None] - of_subject[:, None]).reshape(count, -1)
    residual = rest @ rest.T / ((seeds - 1) * (subjects - 1))
    between = seeds * of_subject @ of_subject.T / (subjects - 1) - residual
    covariance = subjects * of_seed @ of_seed.T / (seeds - 1) + _without_negative(between)
    return np.asarray(covariance / (seeds * subjects))


def adjusted(p: Array, related: Array, draws: int = DRAWS) -> tuple[Array, float]:
    """Step-down adjusted p-values (K,), and the one-sided level a single bound needs to hold with all others at 5 %.

    p: (K,) without NaN. related: (K, K) the correlation of the statistics.
    """
    if not len(p):
        return p, LEVEL
    largest = np.random.default_rng(0).normal(size=(draws, len(p))) @ _root(related).T
    order = np.argsort(p, kind="stable")
    # column j: the largest of the statistics that the step-down procedure has not yet rejected at step j
    largest = np.maximum.accumulate(largest[:, order][:, ::-1], axis=1)[:, ::-1]
    beyond = (largest >= stats.norm.isf(p[order])).sum(0)
    steps = np.maximum.accumulate((beyond + 1) / (draws + 1))
    corrected = np.empty_like(steps)
    corrected[order] = np.minimum(1, np.maximum(steps, p[order]))
    return corrected, float(stats.norm.sf(np.quantile(largest[:, 0], 0.95)))


def _root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _without_negative(matrix: Array) -> Array:
    """The nearest positive semi-definite matrix: a negative variance counts as zero."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 0)) @ vectors.T


def _scaled(covariance: Array) -> Array:
    deviation = np.sqrt(np.diag(covariance))
    varies = deviation > 0
    scale = np.where(varies, deviation, 1.0)
    return np.where(np.eye(len(scale), dtype=bool), 1.0, covariance / np.outer(scale, scale))


def _shrunk(related: Array, freedom: float) -> Array:
    away = related[~np.eye(len(related), dtype=bool)]
    noise = ((1 - away**2) ** 2).sum() / max(freedom - 1, 1.0)
    share = min(1.0, noise / (away**2).sum()) if away.any() else 1.0
    return (1 - share) * related + share * np.eye(len(related))
