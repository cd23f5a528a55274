"""Intervals of means over subjects that models from several data seeds explain; EXPLANATION derives them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: published on the page
EXPLANATION = """Means with intervals when the same subjects are explained under models from several data seeds.

A score table of one method is a matrix x[d, i]: data seeds d = 1..D (model seeds within a data seed averaged first)
crossed with subjects i = 1..I. Under the two-way random-effects model x[d, i] = mu + a[d] + b[i] + e[d, i]

    Var(mean) = s_a^2 / D + s_b^2 / I + s_e^2 / (D I)

With the mean squares MS_a (data seeds), MS_b (subjects) and MS_e (residual) of the two-way layout it is estimated by

    V = MS_a / (D I) + max(0, MS_b - MS_e) / (D I)

The first term carries the data seeds and the residual, the second the subjects; a negative variance component counts
as zero. The interval is mean +- t(nu) sqrt(V) with Satterthwaite's

    nu = V^2 / (V_a^2 / (D - 1) + V_b^2 / (I - 1))

(Satterthwaite 1946, Biometrics Bulletin 2:110; Searle, Casella & McCulloch 1992, Variance Components, chapters 4
and 5). A mean square of few data seeds is too small more often than too large, and a V_a that is small by chance would
make nu that of the subjects. For nu alone both terms are therefore taken at what they stay below with 70 % confidence,
V_a times (D - 1) / q with q the 30 % quantile of chi-squared with D - 1 degrees of freedom, and V_b likewise.

Paired differences of two methods are the same computation on x - y. One data seed, or one subject, says nothing about
the others: the interval is then undefined (NaN), not of zero width. A metric that gives one value a model, of all its
subjects together, has the t-interval over data seeds, s_a^2 / D with D - 1 degrees of freedom.

Where few subjects have much higher (or lower) scores than most, mean and error go together and the misses are on one
side. The third moment of the subjects' means gives the skewness l of the mean, and a t-statistic T is turned into

    T + l T^2 / 3 + l^2 T^3 / 27 + l / 6

which is symmetric to second order (Hall 1992, Journal of the Royal Statistical Society B 54:221). Each end of the
interval lies where either T or the turned T says, whichever is further out; so does each p-value.

In simulated tables (24 subjects, two model seeds in each data seed; data seeds, model seeds, subjects or residual in
turn the largest, or alike; cells and models missing; differences of two methods) it covers the truth in 93 to 98 % of
the cases at 3, 5, 10 and 30 data seeds. Scores of 0 and 1 and skewed subjects stand in results/benchmarks/coverage.csv
(python tests/benchmarks/coverage.py). Its limits: below 24 subjects those that carry an effect may all be missing, so
such means are a preview; and one data seed in seven that differs is missing from every other study of five.

The mean over several simulators is the equal-weight mean of their own means, and its variance the sum of their own
variances over the squared number of simulators, each with its degrees of freedom: they are a fixed list, not a sample,
and each has subjects and models of its own, so no number of a subject or seed need occur in two of them.
"""

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Seen = NDArray[np.bool_]

#: chosen by simulation: degrees of freedom from the mean squares themselves cover 92 % at three data seeds
CAUTION = 0.7
#: a skewness that moves nothing
LEAST = 1e-6
#: below these a result is a preview
ENOUGH_DATA_SEEDS, ENOUGH_SUBJECTS = 5, 24
PREVIEW = f"preview: fewer than {ENOUGH_DATA_SEEDS} data seeds"
FEW = f"preview: fewer than {ENOUGH_SUBJECTS} subjects"


def previews(data_seeds: NDArray[np.int64], subjects: NDArray[np.int64]) -> NDArray[np.object_]:
    """The reasons why results are previews, from the data seeds and subjects behind them; "" where they are none.

    What has no subjects behind it is of whole models, and what has no data seeds has no value.
    """
    few = (subjects > 0) & (subjects < ENOUGH_SUBJECTS)
    cases = [data_seeds == 0, data_seeds < ENOUGH_DATA_SEEDS, few]
    return np.select(cases, ["", PREVIEW, FEW], "").astype(object)


@dataclass(frozen=True)
class MeanEstimate:
    """Means (...,) whose variance is a sum of independent parts (..., T) with their degrees of freedom (..., T).

    third: (...,) the third central moment of the mean, 0 where it is symmetric.
    """

    mean: Array
    parts: Array
    freedom: Array
    third: Array = field(default_factory=lambda: np.zeros(()))

    @property
    def variance(self) -> Array:
        """(...,): the variance of the mean; NaN where it is unknown."""
        return self.parts.sum(-1)

    def satterthwaite(self, caution: float = CAUTION) -> Array:
        """(...,): degrees of freedom of the variance; 1 where it is zero or unknown. caution: see EXPLANATION."""
        # few numbers of degrees of freedom occur, in many places
        held, place = np.unique(self.freedom, return_inverse=True)
        cautious = stats.chi2.ppf(1 - caution, held)[place].reshape(self.freedom.shape)
        most = self.parts * self.freedom / cautious
        variance, spread = most.sum(-1), (most**2 / self.freedom).sum(-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(variance > 0, variance**2 / spread, 1.0)

    @property
    def skewness(self) -> Array:
        """(...,): skewness of the mean; 0 where it does not vary."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.variance > 0, self.third / self.variance**1.5, 0.0)

    def interval(self, level: float = 0.95, most: float | Array = np.inf) -> tuple[Array, Array]:
        """(low, high), each (...,); NaN where the variance is unknown, of zero width where it is zero.

        most: degrees of freedom that are not exceeded.
        """
        reach = stats.t.ppf((1 + level) / 2, np.minimum(self.satterthwaite(), most))
        error = np.where(np.isnan(self.variance), np.nan, np.sqrt(self.variance))
        below, above = (np.maximum(reach, sign * _turned_back(sign * reach, self.skewness)) for sign in (1, -1))
        return self.mean - below * error, self.mean + above * error

    @property
    def ratio(self) -> Array:
        """(...,): t-statistic against zero, no larger than the interval allows; 0 for 0 / 0."""
        error = np.sqrt(self.variance)
        with np.errstate(divide="ignore", invalid="ignore"):
            plain = np.where((self.mean == 0) & (error == 0), 0.0, self.mean / error)
            size, side = np.abs(plain), np.sign(plain)
            turned = np.where(np.isinf(size), size, _turned(size, side * self.skewness))
        return side * np.minimum(size, np.maximum(turned, 0.0))

    def p_above(self, most: float | Array = np.inf) -> Array:
        """(...,): one-sided p-values of a mean above zero; 0 or 1 where it never varies, 1/2 for none at all."""
        return np.asarray(stats.t.sf(self.ratio, np.minimum(self.satterthwaite(), most)))

    def normal_score(self, caution: float = CAUTION) -> Array:
        """(...,): the number that is as far out under a normal distribution as the mean is under its own."""
        return np.sign(self.ratio) * stats.norm.isf(stats.t.sf(np.abs(self.ratio), self.satterthwaite(caution)))


def _turned(ratio: Array, skewness: Array) -> Array:
    """Hall's transformation of t-statistics (...,), after which they are symmetric to second order."""
    safe = _safe(skewness)
    turned = ((1 + safe * ratio / 3) ** 3 - 1) / safe + skewness / 6
    return np.where(np.abs(skewness) < LEAST, ratio, turned)


def _turned_back(ratio: Array, skewness: Array) -> Array:
    """The inverse of `_turned`."""
    safe = _safe(skewness)
    root = np.cbrt(1 + safe * (ratio - skewness / 6))
    return np.where(np.abs(skewness) < LEAST, ratio, 3 * (root - 1) / safe)


def _safe(skewness: Array) -> Array:
    return np.where(np.abs(skewness) < LEAST, 1.0, skewness)


def balanced(x: Array) -> MeanEstimate:
    """The estimate of complete tables x (..., D, I)."""
    seeds, subjects = x.shape[-2:]
    if min(seeds, subjects) < 2:
        unknown = np.full((*x.shape[:-2], 2), np.nan)
        return MeanEstimate(x.mean((-2, -1)), unknown, np.ones_like(unknown), np.zeros(x.shape[:-2]))
    mean = x.mean((-2, -1))
    of_seed, of_subject = x.mean(-1) - mean[..., None], x.mean(-2) - mean[..., None]
    residual = x - mean[..., None, None] - of_seed[..., :, None] - of_subject[..., None, :]
    ms_seed = subjects * (of_seed**2).sum(-1) / (seeds - 1)
    ms_subject = seeds * (of_subject**2).sum(-1) / (subjects - 1)
    ms_residual = (residual**2).sum((-2, -1)) / ((seeds - 1) * (subjects - 1))
    parts = np.stack([ms_seed, np.maximum(ms_subject - ms_residual, 0)], -1) / (seeds * subjects)
    skewed = subjects / ((subjects - 1) * max(subjects - 2, 1)) * (of_subject**3).sum(-1) / subjects**2
    return MeanEstimate(mean, parts, np.broadcast_to([seeds - 1.0, subjects - 1.0], parts.shape), skewed)


def mean_estimate(x: Array) -> MeanEstimate:
    """The estimate of tables x (G, D, I) in which NaN marks a missing cell.

    Data seeds and subjects without any cell are dropped, single missing cells are `filled`. A table without cells has
    mean NaN.
    """
    groups = len(x)
    unknown = np.full((groups, 2), np.nan)
    result = MeanEstimate(np.full(groups, np.nan), unknown, np.ones((groups, 2)), np.zeros(groups))
    for rows, seeds, subjects in _patterns(x):
        part = balanced(_complete(x[np.ix_(rows, seeds, subjects)]))
        result.mean[rows], result.parts[rows], result.freedom[rows] = part.mean, part.parts, part.freedom
        result.third[rows] = part.third
    return result


def of_models(x: Array) -> MeanEstimate:
    """The estimate of tables x (G, D) of one value per data seed, where no subjects stand behind it: Student's t."""
    held = ~np.isnan(x)
    count = held.sum(-1)
    mean = np.where(held, x, 0).sum(-1) / np.where(count > 0, count, np.nan)
    squares = (np.where(held, x - mean[:, None], 0) ** 2).sum(-1)
    freedom = np.maximum(count - 1.0, 1.0)
    part = np.where(count > 1, squares / freedom / np.maximum(count, 1), np.nan)
    return MeanEstimate(mean, part[:, None], freedom[:, None])


def of_sample(x: Array) -> MeanEstimate:
    """The estimate of independent values x (..., N), two or more: Student's t, with the skewness of the values."""
    count = x.shape[-1]
    away = x - x.mean(-1, keepdims=True)
    squares, cubes = (away**2).sum(-1), (away**3).sum(-1)
    part = squares / (count * (count - 1))
    return MeanEstimate(x.mean(-1), part[..., None], np.full((*part.shape, 1), count - 1.0), cubes / count**3)


def filled(x: Array) -> Array:
    """x (G, D, I) with single missing cells set to the value of the additive least-squares fit of the others.

    So filled, they move neither the mean of the fit nor the residual (Yates 1933, Empire Journal of Experimental
    Agriculture 1:129). Data seeds and subjects without any cell stay missing.
    """
    whole = x.copy()
    for rows, seeds, subjects in _patterns(x):
        block = np.ix_(rows, seeds, subjects)
        whole[block] = _complete(x[block])
    return whole


def common(x: Array) -> tuple[Array, Seen, Seen]:
    """x (G, D, I), `filled`, over the data seeds and subjects that every table has, and which (D,) and (I,) these are.

    Tables without any cell leave none.
    """
    whole = filled(x)
    held = ~np.isnan(whole)
    seeds, subjects = np.all(held.any(2), axis=0), np.all(held.any(1), axis=0)
    return whole[:, seeds][:, :, subjects], seeds, subjects


def _patterns(x: Array) -> Iterator[tuple[Index, Index, Index]]:
    """Tables with the same cells missing: (rows of x, data seeds present, subjects present); empty tables left out."""
    patterns: dict[bytes, list[int]] = {}
    for g, missing in enumerate(np.isnan(x)):
        patterns.setdefault(np.packbits(missing).tobytes(), []).append(g)
    for rows in patterns.values():
        present = ~np.isnan(x[rows[0]])
        if present.any():
            yield np.array(rows), np.flatnonzero(present.any(1)), np.flatnonzero(present.any(0))


def _complete(x: Array) -> Array:
    """x (G, D, I), the same cells missing in every table, filled from the additive fit of the others."""
    present = ~np.isnan(x[0])
    if present.all():
        return x
    seeds, subjects = present.shape
    design = np.hstack([np.repeat(np.eye(seeds), subjects, axis=0), np.tile(np.eye(subjects), (seeds, 1))])
    flat, seen = x.reshape(len(x), -1).copy(), present.ravel()
    fit = np.linalg.lstsq(design[seen], flat[:, seen].T, rcond=None)[0]
    flat[:, ~seen] = (design[~seen] @ fit).T
    return flat.reshape(x.shape)
