"""Average precision at a fixed prevalence, exact in expected value under a random order of tied scores."""

from functools import lru_cache

import numpy as np

from metrics._shared.ranking import TieGroups

#: tie groups integrated at a time; bounds the memory of the quadrature to a few megabytes
_CHUNK = 32


def calibrated_average_precision(groups: TieGroups, prior: float) -> float:
    """AP with the precision recomputed at the prevalence `prior` (Siblini et al., IDA 2020).

    The mean over positives of TPR * prior / (TPR * prior + FPR * (1 - prior)), i.e. of k / (k + w F) at the k-th
    positive with F negatives above it and w = (1 - prior)/prior * positives/negatives.
    """
    positives = groups.hits.sum()
    weight = (1 - prior) / prior * positives / groups.misses.sum()
    pure = (groups.hits > 0) & (groups.misses == 0)
    mixed = (groups.hits > 0) & (groups.misses > 0)
    total = _pure(_chosen(groups, pure), weight)
    for chunk in np.array_split(np.flatnonzero(mixed), -(-int(mixed.sum()) // _CHUNK) or 1):
        total += _mixed(_chosen(groups, chunk), weight).sum()
    return float(total / positives)


@lru_cache(maxsize=1024)
def chance_calibrated(n: int, positives: int, prior: float) -> float:
    """Exact expected calibrated AP of a random order: every item in one tie group.

    All methods meet the same subjects, so each is asked for again and again.
    """
    one = TieGroups(*(np.array([v], dtype=np.float64) for v in (positives, n - positives, 0, 0)))
    return calibrated_average_precision(one, prior)


def _chosen(groups: TieGroups, which: np.ndarray) -> TieGroups:
    return TieGroups(*(part[which] for part in groups))


def _pure(groups: TieGroups, weight: float) -> float:
    """The summed precision of groups that hold positives only; their inner order does not matter."""
    count = groups.hits.astype(np.int64)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    k = np.repeat(groups.hits_before, count) + place + 1
    return float((k / (k + weight * np.repeat(groups.misses_before, count))).sum())


def _mixed(groups: TieGroups, w: float) -> np.ndarray:
    """The expected summed precision of each mixed group, (G,).

    Give every tied item an independent uniform place. Given the place u of one of the r positives, A ~ Bin(r - 1, u)
    other positives and F ~ Bin(m, u) negatives lie above it, so the sum is
    r * int_0^1 E[(a + A) / (a + A + w (b + F))] du with a = hits_before + 1 and b = misses above the group.
    With 1/x = int_0^inf exp(-x s) ds the expectation is a product of binomial generating functions, and the double
    integral is smooth: the trapezoid rule on u = logistic(.) and on the double-exponential s converges geometrically
    (largest error per positive 2e-7 over 158 groups of 2 to 18,432 items).
    """
    r, m, before, b = (part[:, None, None] for part in groups)
    a = before + 1
    u, du = _PLACES
    y, dy = _DECAYS
    rate = a + w * b + u * (r - 1 + w * m)
    s = y / rate
    q = np.log1p(u * np.expm1(-s))
    decay = np.exp(-(a + w * b) * s + (r - 1) * q + m * np.log1p(u * np.expm1(-w * s)))
    mean = decay * (a + (r - 1) * u * np.exp(-s - q))
    return groups.hits * ((mean * dy / rate).sum(axis=2) * du[:, 0]).sum(axis=1)


def _places(step: float = 0.75, reach: float = 18.0) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on (0, 1), each (U, 1)."""
    t = np.arange(-reach, reach + step, step)
    u = 1 / (1 + np.exp(-t))
    return u[:, None], (step * u * (1 - u))[:, None]


def _decays(step: float = 0.35, low: float = -3.5, high: float = 14.0) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on (0, inf) for integrands that decay exponentially, each (S,)."""
    t = np.arange(low, high, step)
    y = np.exp(t - np.exp(-t))
    return y, step * y * (1 + np.exp(-t))


_PLACES = _places()
_DECAYS = _decays()
