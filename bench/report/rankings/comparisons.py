"""The comparisons that a study declares before any score exists: methods against every control, or against another.

Its key `against` names them; unless it says otherwise, each method stands against every control and against the
gradient. To beat the best control is to beat each of them, so the control that a method beats least clearly stands for
all (intersection-union test, Berger 1982, Technometrics 24:295); no winner is picked from the scores it is then tested
on.

The claim is one-sided: the method is better. The family is the question that a reader asks: one ranking, on one group
of simulators, of one network, which is one table of the page with all its methods. Its p-values are adjusted together
by `multiplicity`, so that in 95 of 100 studies in which nothing is better it claims nothing; of N such tables about
N / 20 would hold a false claim if nothing were better anywhere. All tables as one family was tried, and five data seeds
then claimed nothing at all. Fewer than five data seeds or 24 subjects are a preview: p-values are shown and no claim is
made. `results/benchmarks/coverage.csv` says how often a false claim comes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.columns.aggregated import COMPARISONS
from bench.columns.declaration import CONTEST
from bench.report.rankings import refusals
from bench.report.rankings.block import fewest
from bench.report.rankings.contest import Contest
from bench.report.rankings.statuses import NO_INTERVAL, ONLY_PREVIEW
from bench.report.statistics.intervals import PREVIEW, Array, previews
from bench.report.statistics.multiplicity import DRAWS, adjusted, claim_correlation
from bench.report.statistics.simulators import equal_weight_mean, leads

#: names in the key `against`: every method that is ranked, and every control
METHODS, CONTROLS = "methods", "controls"
EVERY_CONTROL = "every control"
LEVEL = 0.05
#: a claim has no more degrees of freedom than one in so many subjects: chosen by simulation, because a family looks far
#: out, where leads that are mostly a little above and rarely much below zero miss more often than near the middle
SUBJECTS_A_DEGREE = 8
_COLUMNS = COMPARISONS.after(CONTEST)
_FOUND = [*_COLUMNS[:-1], "n_subjects"]


@dataclass(frozen=True)
class Claim:
    """`method` (a row) is better than every one of `references` (rows), which are called `against`."""

    method: int
    against: str
    references: tuple[int, ...]


def table(contest: Contest) -> pd.DataFrame:
    """The claims of a contest, which are a family, with the columns of COMPARISONS, ordered by method.

    A contest in which no model passed the gate has none. low: the lead is at least this, for all comparisons of the
    family at once (95 %). verdict: `better`, `not shown`, `undefined` (no value), `partial` (the method lacks cells of
    others) or the reason why this is a preview.
    """
    passed = any(block.passed for block in contest.blocks)
    return _with_verdicts(contest, judged(contest.better, list(declared(contest)) if passed else []))


def _with_verdicts(contest: Contest, rows: pd.DataFrame) -> pd.DataFrame:
    statuses = np.array(contest.statuses())[rows["method"].to_numpy(dtype=int)]
    words = np.where(rows["p_adjusted"] <= LEVEL, "better", "not shown").astype(object)
    why = previews(rows["n_data_seeds"].to_numpy(dtype=int), rows["n_subjects"].to_numpy(dtype=int))
    few = contest.previews()[rows["method"].to_numpy(dtype=int)]
    words = np.where(why != "", why, np.where(statuses == ONLY_PREVIEW, few, words))
    words = np.where(np.isin(statuses, ["ok", ONLY_PREVIEW]), words, statuses)
    names = dict(enumerate(contest.methods))
    worded = np.isin(statuses, [*refusals.WORDS, NO_INTERVAL])
    verdict = np.where(rows["p"].isna() & (words != PREVIEW) & ~worded, refusals.UNDEFINED, words)
    return rows.assign(
        method=rows["method"].map(names), reference=rows["reference"].map(names).fillna(""), verdict=verdict
    )[_COLUMNS]


def declared(contest: Contest) -> Iterator[Claim]:
    """The claims of a contest, by method."""
    rows = {name: row for row, name in enumerate(contest.methods)}
    roles = dict(zip(contest.methods, contest.roles(), strict=True))
    for name, other, references in compared(roles, contest.results.against):
        yield Claim(rows[name], other, tuple(rows[reference] for reference in references))


def compared(roles: Mapping[str, str], against: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, list[str]]]:
    """Methods, what a study declares each to stand against, and the methods that this is.

    roles: of every method; what is not among them is compared with nothing, and nothing with itself.
    """
    controls = [name for name, role in roles.items() if role == "control"]
    for name, role in roles.items():
        every = against.get(METHODS, []) if role == "method" else []
        for other in dict.fromkeys([*every, *against.get(name, [])]):
            references = controls if other == CONTROLS else [other] if other in roles else []
            if references and name not in references:
                yield name, EVERY_CONTROL if other == CONTROLS else other, references


def judged(tables: list[Array], claims: list[Claim], draws: int = DRAWS) -> pd.DataFrame:
    """Leads, p-values and bounds of claims about the rows of tables (M, D, I), adjusted for all of them.

    tables: one a simulator, higher is better, NaN is missing. A lead that is claimed is above zero at least: the bound
    of a step-down procedure (Strassburger & Bretz 2008, Statistics in Medicine 27:4914).
    """
    rows = pd.DataFrame([_hardest(tables, claim) for claim in claims], columns=_FOUND)
    tested = rows["p"].notna().to_numpy()
    held = rows[tested]
    ahead = leads(tables, held["method"].to_numpy(dtype=int), held["reference"].to_numpy(dtype=int))
    value = equal_weight_mean(ahead)
    related = claim_correlation(ahead, value.satterthwaite().min(initial=np.inf))
    corrected, level = adjusted(held["p"].to_numpy(dtype=float), related, draws)
    low = value.interval(1 - 2 * level, held["n_subjects"].to_numpy(dtype=float) / SUBJECTS_A_DEGREE)[0]
    rows.loc[tested, "p_adjusted"] = corrected
    rows.loc[tested, "low"] = np.where(corrected <= LEVEL, np.maximum(low, 0), low)
    return rows


def _hardest(tables: list[Array], claim: Claim) -> dict[str, object]:
    """The comparison with the reference that the method beats least clearly."""
    references = [r for r in claim.references if not all(np.isnan(table[r]).all() for table in tables)]
    row: dict[str, object] = {"method": claim.method, "against": claim.against, "p_adjusted": np.nan, "low": np.nan}
    estimates = leads(tables, [claim.method] * len(references), references)
    value = equal_weight_mean(estimates)
    if np.isnan(value.mean).all():
        return {**row, "reference": np.nan, "lead": np.nan, "p": np.nan, "n_data_seeds": 0, "n_subjects": 0}
    held = [~np.isnan(lead) for lead in estimates]
    subjects = np.sum([seen.any(1).sum(1) for seen in held], axis=0)
    p = value.p_above(subjects / SUBJECTS_A_DEGREE)
    worst = int(np.nanargmin(value.mean) if np.isnan(p).any() else np.argmax(p))
    return row | {
        "reference": references[worst], "lead": value.mean[worst], "p": p[worst], "n_subjects": int(subjects[worst]),
        "n_data_seeds": int(fewest(np.stack([seen.any(2).sum(1) for seen in held]))[worst]),
    }  # fmt: skip
