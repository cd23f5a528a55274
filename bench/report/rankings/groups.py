"""Agreement of groups of simulators: whether they put methods in one order, and where each method does worst.

Rankings are of groups, whose simulators ask alike: one family, its place fixed or moving. No rank is given over groups.
A mean over them is shown, as a number, only where at least `FEWEST` groups rank and their orders correlate by `AGREED`
on average: then half of the variance of the places is common to them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bench.report.rankings.contest import Contest
from bench.report.statistics.concordance import kendall_w, mean_spearman, rank_orders
from bench.report.statistics.simulators import combined

FEWEST = 3
#: mean Spearman correlation of the orders of groups, the root of one half
AGREED = 0.7
MEAN_RULE = (
    f"A mean over groups is shown only where at least {FEWEST} groups rank and the correlation of their orders is "
    f"{AGREED} or more on average; it never ranks."
)


@dataclass(frozen=True)
class Groups:
    """One ranking on one network, by the groups that rank anything.

    contests: theirs. placed: per group the methods ranked there and their places, 1 the highest mean. common: methods
    that every group ranks.
    """

    contests: list[Contest]
    placed: list[dict[str, float]]
    common: list[str]

    @classmethod
    def of(cls, contests: list[Contest]) -> "Groups":
        """contests: of the same ranking and network, one a group."""
        placings = [(contest, _places(contest)) for contest in contests]
        held = [(contest, placed) for contest, placed in placings if placed]
        placed = [places for _, places in held]
        common = sorted(set(placed[0]).intersection(*placed[1:])) if placed else []
        return cls([contest for contest, _ in held], placed, common)

    def agreement(self) -> dict[str, object]:
        """The row of AGREEMENT."""
        size = {"n_groups": len(self.contests), "n_ranked": len(self.common)}
        agreed = {"concordance": self.concordance, "spearman": mean_spearman(self.concordance, len(self.contests))}
        return {**size, **agreed, "mean_shown": self._mean_shown}

    def table(self) -> pd.DataFrame:
        """The rows of ACROSS_GROUPS: every method that any group ranks, by name."""
        rows = pd.DataFrame([self._worst(name) for name in sorted(set().union(*self.placed))])
        numbers = pd.DataFrame(self._means(), columns=["method", "mean", "low", "high"])
        return rows.merge(numbers, "left", "method") if len(rows) else rows

    @cached_property
    def concordance(self) -> float:
        """Kendall's W of the groups over the methods that all of them rank."""
        rows = [[-placed[name] for placed in self.placed] for name in self.common]
        return kendall_w(rank_orders(np.array(rows, dtype=float).reshape(len(self.common), len(self.placed))))

    @property
    def _mean_shown(self) -> bool:
        return bool(len(self.contests) >= FEWEST and mean_spearman(self.concordance, len(self.contests)) >= AGREED)

    def _worst(self, name: str) -> dict[str, object]:
        """The group in which the smallest share of the others is below the method, the first of several."""
        mine = [(c, placed) for c, placed in zip(self.contests, self.placed, strict=True) if name in placed]
        contest, placed = max(mine, key=lambda one: (one[1][name] - 0.5) / len(one[1]))
        where = {"worst_group": contest.scope, "worst_place": placed[name], "worst_of": len(placed)}
        return {"method": name, "n_groups": len(mine), **where}

    def _means(self) -> list[tuple[str, float, float, float]]:
        """Equal-weight means over the groups, with intervals, of the common methods, where they are shown."""
        if not self._mean_shown:
            return []
        every = combined([contest.score for contest in self.contests])
        low, high = every.interval()
        rows = {name: row for row, name in enumerate(self.contests[0].methods)}
        return [(name, every.mean[rows[name]], low[rows[name]], high[rows[name]]) for name in self.common]


def _places(contest: Contest) -> dict[str, float]:
    """Method -> its place by its mean, of the methods that a contest ranks."""
    entitled = contest.entitled(contest.statuses())
    means = contest.sign * contest.score.mean[entitled]
    return {
        contest.methods[m]: float(place) for m, place in zip(entitled, rank_orders(means[:, None])[:, 0], strict=True)
    }
