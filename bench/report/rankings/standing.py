"""Ranks and skill, which stand beside a mean: between which ranks the method lies, and how far it gets.

Both hold from five data seeds on, as intervals of means do: `statistics.ranks` and `statistics.skill` say how.
"""

import numpy as np
import pandas as pd

from bench.report.rankings.contest import Contest
from bench.report.rankings.violations import RANDOM, oracles_of
from bench.report.statistics.concordance import kendall_w, rank_orders
from bench.report.statistics.intervals import ENOUGH_DATA_SEEDS, Array, common
from bench.report.statistics.ranks import confidence_sets
from bench.report.statistics.simulators import combined
from bench.report.statistics.skill import Ladder

_COLUMNS = ["rank_low", "rank_high", "skill", "skill_low", "skill_high", "skill_models"]


def table(contest: Contest) -> pd.DataFrame:
    """(M rows) rank_low, rank_high, skill, skill_low, skill_high, skill_models of a contest's methods."""
    rows = pd.DataFrame({name: np.full(len(contest.methods), np.nan) for name in _COLUMNS})
    ladders = list(_ladders(contest))
    firm = contest.seeds_behind().max(initial=0) >= ENOUGH_DATA_SEEDS
    if ladders:
        skill = combined([ladder.estimate() for ladder in ladders])
        rows["skill"] = skill.mean
        rows["skill_models"] = np.sum([ladder.models_behind() for ladder in ladders], axis=0)
        if firm:
            rows["skill_low"], rows["skill_high"] = skill.interval()
    if firm:
        entitled, better = contest.partial_order
        low, high = confidence_sets(better)
        rows.loc[entitled, "rank_low"], rows.loc[entitled, "rank_high"] = low, high
    return rows


def friedman(contest: Contest) -> dict[str, float]:
    """Friedman's statistic and Kendall's coefficient of concordance: do data seeds agree on the order of methods?

    The judges are the data seeds of all simulators of the contest, which order the entitled methods by their means.
    Descriptive: subjects are shared, so it is no test.
    """
    whole = _by_seed(contest)
    methods, seeds = whole.shape
    agreed = kendall_w(rank_orders(whole))
    return {
        "n_ranked": methods,
        "n_data_seeds": seeds,
        "friedman": seeds * (methods - 1) * agreed,
        "concordance": agreed,
    }


def _by_seed(contest: Contest) -> Array:
    """Means (E, D) of the entitled methods over the subjects that all have, in each data seed of all simulators."""
    entitled = contest.entitled(contest.statuses())
    means = []
    for table in contest.better:
        whole, seeds, _ = common(table[entitled])
        means.append(np.full((len(entitled), len(seeds)), np.nan))
        if whole.size:
            means[-1][:, seeds] = whole.mean(2)
    return np.concatenate([mean[:, ~np.isnan(mean).any(0)] for mean in means], 1)


def _ladders(contest: Contest) -> list[Ladder]:
    """The simulators of a contest in which random control and oracle have values."""
    h, results = contest.headline, contest.results
    oracles = [name for name in oracles_of(results, h.truth) if name in contest.methods]
    if RANDOM not in contest.methods or not oracles or not h.truth:
        return []
    ladders = []
    for scores in contest.models:
        values = contest.sign * scores.take(contest.methods, h.metric, h.truth, h.view)
        floor = values[contest.methods.index(RANDOM)]
        ceilings = [c for c in (values[contest.methods.index(name)] for name in oracles) if not np.isnan(c).all()]
        if ceilings and not np.isnan(floor).all():
            highest = max(ceilings, key=lambda c: float(np.nanmean(c)))
            ladders.append(Ladder(values, floor, highest, scores.data_seeds))
    return ladders
