"""Intervals of ranks and skills: a crossed bootstrap over data seeds and subjects.

A replicate draws data seeds (with all their model seeds) and subjects, each once, with replacement, for all methods and
simulators alike (Owen 2007, Annals of Applied Statistics 1:386). It is used for ranks and skills only, which have no
closed form, and from ten models in five data seeds on: of fewer, resampling makes intervals that are far too narrow.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.report.rankings.contest import Contest
from bench.report.rankings.violations import RANDOM, oracles_of
from bench.report.statistics.arrays import Codes
from bench.report.statistics.intervals import ENOUGH_DATA_SEEDS, Array, common
from bench.report.statistics.skill import Ladder

_COLUMNS = ["rank_low", "rank_high", "skill", "skill_low", "skill_high", "skill_models"]
REPLICATES = 1000
ENOUGH_MODELS = 10
#: means closer than this are one: equal maps differ by rounding
ROUNDING = 1e-9


@dataclass(frozen=True)
class Draws:
    """Counts of each data seed (R, D) and each subject (R, I) among the draws of R replicates."""

    numbers: Codes
    subjects: Codes
    of_seed: Array
    of_subject: Array

    @classmethod
    def of(cls, numbers: Codes, subjects: Codes, replicates: int = REPLICATES) -> "Draws":
        """Draws of the data seeds and subjects with these numbers."""
        rng = np.random.default_rng(0)
        counts = (rng.multinomial(len(x), np.full(len(x), 1 / len(x)), replicates) for x in (numbers, subjects))
        return cls(numbers, subjects, *(c.astype(float) for c in counts))

    def seeds(self, numbers: Codes) -> Array:
        """Counts (R, D') of these data seeds."""
        return self.of_seed[:, np.searchsorted(self.numbers, numbers)]

    def people(self, numbers: Codes) -> Array:
        """Counts (R, I') of these subjects."""
        return self.of_subject[:, np.searchsorted(self.subjects, numbers)]


def table(contest: Contest) -> pd.DataFrame:
    """(M rows) rank_low, rank_high, skill, skill_low, skill_high, skill_models of a contest's methods."""
    rows = pd.DataFrame({name: np.full(len(contest.methods), np.nan) for name in _COLUMNS})
    ladders = list(_ladders(contest))
    if ladders:
        rows["skill"] = skill(ladders, None)[0]
        rows["skill_models"] = np.sum([ladder.models_behind() for ladder in ladders], axis=0)
    if contest.models and enough(contest):
        numbers = np.unique(np.concatenate([m.data_seeds for m in contest.models]))
        draws = Draws.of(numbers, np.unique(np.concatenate([m.subjects for m in contest.models])))
        if ladders:
            rows["skill_low"], rows["skill_high"] = _quantiles(skill(ladders, draws))
        entitled = contest.entitled(contest.statuses())
        if entitled:
            low, high = _quantiles(replicate_ranks(contest, entitled, draws))
            rows.loc[entitled, "rank_low"], rows.loc[entitled, "rank_high"] = np.floor(low), np.ceil(high)
    return rows


def enough(contest: Contest) -> bool:
    """True if every simulator of the contest has ten models in five data seeds or more."""
    return all(
        len(m.data_seeds) >= ENOUGH_MODELS and len(np.unique(m.data_seeds)) >= ENOUGH_DATA_SEEDS for m in contest.models
    )


def replicate_ranks(contest: Contest, entitled: list[int], draws: Draws) -> Array:
    """Ranks (R, E) of the means of the entitled methods in each replicate; equal means share the best rank."""
    whole, seeds, subjects = common(contest.sign * contest.values[entitled])
    weights = draws.seeds(contest.data_seeds[seeds]), draws.people(contest.subjects[subjects])
    means = np.einsum("rd,edi,ri->re", weights[0], whole, weights[1], optimize=True)
    total = weights[0].sum(1) * weights[1].sum(1)
    means = means / np.where(total > 0, total, np.nan)[:, None]
    return 1.0 + (means[:, None, :] > means[:, :, None] + ROUNDING).sum(-1)


def skill(ladders: list[Ladder], draws: Draws | None) -> Array:
    """Skill (R, M), the simulators weighing equally; one replicate of everything where there are no draws."""
    skills = []
    for ladder in ladders:
        numbers = np.unique(ladder.data_seeds)
        once = np.ones((1, len(numbers))), np.ones((1, len(ladder.subjects)))
        weights = (draws.seeds(numbers), draws.people(ladder.subjects)) if draws else once
        skills.append(ladder.skill(*weights))
    held = ~np.isnan(skills)
    return np.where(held.any(0), np.nansum(skills, 0) / np.maximum(held.sum(0), 1), np.nan)


def friedman(contest: Contest) -> dict[str, float]:
    """Friedman's statistic and Kendall's coefficient of concordance: do data seeds agree on the order of methods?

    Ranks of the entitled methods' means in each data seed, equal means sharing the middle rank (Friedman 1937, JASA
    32:675; ties after Kendall & Babington Smith 1939). Descriptive: subjects are shared, so it is no test. NaN with
    fewer than two data seeds or methods, or where all methods are equal.
    """
    entitled = contest.entitled(contest.statuses())
    whole = common(contest.sign * contest.values[entitled])[0]
    methods, seeds, subjects = whole.shape
    size = {"n_ranked": methods, "n_data_seeds": seeds}
    if methods < 2 or seeds < 2 or not subjects:
        return {**size, "friedman": np.nan, "concordance": np.nan}
    placed = pd.DataFrame(whole.mean(2) / ROUNDING).round().rank().to_numpy()
    spread = ((placed.sum(1) - seeds * (methods + 1) / 2) ** 2).sum()
    tied = sum((np.unique(column, return_counts=True)[1] ** 3).sum() - methods for column in placed.T)
    most = (seeds**2 * (methods**3 - methods) - seeds * tied) / 12
    concordance = spread / most if most > 0 else np.nan
    return {**size, "friedman": seeds * (methods - 1) * concordance, "concordance": concordance}


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
            ladders.append(Ladder(values, floor, highest, scores.data_seeds, scores.subjects))
    return ladders


def _quantiles(x: Array) -> tuple[Array, Array]:
    """The 2.5 and 97.5 % quantiles over replicates (R, M); NaN where a method has none."""
    held = ~np.isnan(x).all(0)
    low, high = np.full((2, x.shape[1]), np.nan)
    low[held], high[held] = np.nanquantile(x[:, held], [0.025, 0.975], axis=0)
    return low, high
