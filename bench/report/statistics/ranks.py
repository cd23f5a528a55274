"""Ranks that hold for all methods at once: how many are shown to be better than each.

The leads of all pairs of E methods are compared with the largest of |G[j] - G[k]| / sqrt(2) over the pairs, G being E
independent normal numbers (Tukey's studentised range): the larger, the less methods have in common, so that whatever
they have in common makes the sets wider than they must be (Hayter 1984, Annals of Statistics 12:61; Brown 1984, Annals
of Statistics 12:1432). A lead enters as the normal score of its own t-statistic and degrees of freedom, the latter with
more caution than in a single interval, because the bound of many pairs lies far out. Pairs beyond it are told apart;
the bound is then that of the pairs left, until none is beyond it. With the methods shown to be better, and those shown
to be worse, the true ranks of all methods lie in

    [1 + number shown to be better, E - number shown to be worse]

in 95 of 100 studies (Mogstad, Romano, Shaikh & Wilhelm 2024, Review of Economic Studies 91:476; Al Mohamad et al. 2022,
Biometrical Journal 64:20): methods that are equal are told apart in at most 5 of 100, however many there are.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.report.statistics.intervals import Array

Pairs = NDArray[np.bool_]
Ranks = NDArray[np.int64]
LEVEL = 0.95
#: caution of `intervals` for leads that are compared over all pairs, far out: chosen by simulation
CAUTION = 0.9995
_DRAWS = 10_000
TIE_RULE = (
    "The rank of a method is one more than the number of methods that are shown to be better than it, or than one "
    "whose mean is above its own. The brackets hold its true rank: as many may be above as are not shown to be worse. "
    "They hold for all methods of the ranking at once, in 95 of 100 studies: methods that are equal are told apart in "
    "at most 5 of 100, however many there are. What differs by rounding is equal, and with one data seed nothing can "
    "be told apart. A method whose scores vary much has wide brackets: little is known of it."
)


def confidence_sets(better: Pairs) -> tuple[Ranks, Ranks]:
    """The lowest and highest rank (E,) that the methods may have, from what `clear_leads` says."""
    return 1 + better.sum(0), len(better) - better.sum(1)


def clear_leads(leads: Array) -> Pairs:
    """(E, E): whether the row is shown to be better than the column, for all pairs at once.

    leads: (E, E) normal score of the lead of the row over the column, the negative of its transpose; NaN, which tells
    nothing, where it is unknown.
    """
    beyond = np.zeros(leads.shape, dtype=bool)
    while True:
        left = ~beyond & ~np.eye(len(leads), dtype=bool)
        more = left & (np.abs(leads) > (_bound(left) if beyond.any() else _widest(len(leads))))
        if not more.any():
            return beyond & (leads > 0)
        beyond |= more


@lru_cache
def _draws(count: int) -> Array:
    return np.random.default_rng(0).normal(size=(count, _DRAWS)) / np.sqrt(2)


@lru_cache
def _widest(count: int) -> float:
    """The bound of all pairs of this many methods."""
    return float(np.quantile(np.ptp(_draws(count), axis=0), LEVEL)) if count > 1 else np.inf


def _bound(pairs: Pairs) -> float:
    """What the largest lead among these pairs (E, E) of equal methods stays below in 95 of 100 studies."""
    draws, largest = _draws(len(pairs)), np.zeros(_DRAWS)
    for one, others in zip(draws, pairs, strict=True):
        if others.any():
            mine = draws[others]
            np.maximum(largest, np.maximum(mine.max(0) - one, one - mine.min(0)), out=largest)
    return float(np.quantile(largest, LEVEL))
