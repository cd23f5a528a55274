"""The comparisons that a study declares before any score exists: methods against every control, or against another.

Its key `against` names them; unless it says otherwise, each method stands against every control and against the
gradient. To beat the best control is to beat each of them, so the control that a method beats least clearly stands for
all (intersection-union test, Berger 1982, Technometrics 24:295); no winner is picked from the scores it is then tested
on.

The claim is one-sided: the method is better. The family is one contest (ranking, network, scope); its p-values are
adjusted together by `multiplicity`, so that in 95 of 100 contests in which nothing is better nothing is claimed.
Fewer than five data seeds are a preview: p-values are shown and no claim is made. In simulated contests without any
difference a false claim comes in 3 to 7 % at 3, 5 and 10 data seeds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from bench.columns.aggregated import COMPARISONS
from bench.columns.declaration import CONTEST
from bench.report.rankings.contest import Contest
from bench.report.statistics.intervals import ENOUGH_DATA_SEEDS, PREVIEW, Array, common, estimate
from bench.report.statistics.multiplicity import DRAWS, adjusted, claim_correlation

#: names in the key `against`: every method that is ranked, and every control
METHODS, CONTROLS = "methods", "controls"
EVERY_CONTROL = "every control"
LEVEL = 0.05
_COLUMNS = COMPARISONS.after(CONTEST)


@dataclass(frozen=True)
class Claim:
    """`method` (a row) is better than every one of `references` (rows), which are called `against`."""

    method: int
    against: str
    references: tuple[int, ...]


def table(contest: Contest) -> pd.DataFrame:
    """The claims of a contest with the columns of COMPARISONS, ordered by method; none where no model passed the gate.

    low: the lead is at least this, for all comparisons of the contest at once (95 %). verdict: `better`, `not shown`,
    `undefined` (no value), `partial` (the method lacks cells of others) or the reason why this is a preview.
    """
    if not any(b.passed for b in contest.blocks):
        return pd.DataFrame(columns=_COLUMNS)
    rows = judged(contest.sign * contest.values, list(declared(contest)))
    statuses = np.array(contest.statuses())[rows["method"].to_numpy(dtype=int)]
    shown = np.where(rows["p_adjusted"] <= LEVEL, "better", "not shown")
    shown = np.where(rows["n_data_seeds"] < ENOUGH_DATA_SEEDS, PREVIEW, shown)
    shown = np.where(statuses == "ok", shown, statuses)
    names = dict(enumerate(contest.methods))
    verdict = np.where(rows["p"].isna() & (shown != PREVIEW), "undefined", shown)
    return rows.assign(
        method=rows["method"].map(names), reference=rows["reference"].map(names).fillna(""), verdict=verdict
    )[_COLUMNS]


def declared(contest: Contest) -> Iterator[Claim]:
    """The claims of a contest, by method; what the study does not hold is compared with nothing."""
    rows = {name: (row,) for row, name in enumerate(contest.methods)}
    controls = tuple(row for row, role in enumerate(contest.roles()) if role == "control")
    against = contest.results.against
    for row, (name, role) in enumerate(zip(contest.methods, contest.roles(), strict=True)):
        every = against.get(METHODS, []) if role == "method" else []
        for other in dict.fromkeys([*every, *against.get(name, [])]):
            references = controls if other == CONTROLS else rows.get(other, ())
            if references and row not in references:
                yield Claim(row, EVERY_CONTROL if other == CONTROLS else other, references)


def judged(values: Array, claims: list[Claim], draws: int = DRAWS) -> pd.DataFrame:
    """p-values, bounds and leads of the claims about tables values (M, D, I), higher is better, NaN is missing."""
    rows = pd.DataFrame([_hardest(values, claim) for claim in claims], columns=[*_COLUMNS[:-1], "reach", "freedom"])
    tested = rows["p"].notna().to_numpy()
    if not tested.any():
        return rows[_COLUMNS[:-1]]
    held = rows[tested]
    leads = values[held["method"].to_numpy(dtype=int)] - values[held["reference"].to_numpy(dtype=int)]
    corrected, level = adjusted(held["p"].to_numpy(), claim_correlation(common(leads)[0], held["freedom"].min()), draws)
    rows.loc[tested, "p_adjusted"] = corrected
    rows.loc[tested, "low"] = held["lead"] - stats.t.isf(level, held["freedom"]) * held["reach"]
    return rows[_COLUMNS[:-1]]


def _hardest(values: Array, claim: Claim) -> dict[str, object]:
    """The comparison with the reference that the method beats least clearly."""
    references = [r for r in claim.references if not np.isnan(values[r]).all()]
    row: dict[str, object] = {"method": claim.method, "against": claim.against, "p_adjusted": np.nan, "low": np.nan}
    leads = values[[claim.method]] - values[references]
    value = estimate(leads)
    if np.isnan(value.mean).all():
        return {**row, "reference": np.nan, "lead": np.nan, "p": np.nan, "n_data_seeds": 0}
    reach, freedom = np.sqrt(value.variance), value.satterthwaite
    p = _chance(value.mean, reach, freedom)
    worst = int(np.nanargmin(value.mean) if np.isnan(p).any() else np.argmax(p))
    row |= {"reference": references[worst], "lead": value.mean[worst], "p": p[worst]}
    row |= {"n_data_seeds": int((~np.isnan(leads[worst])).any(1).sum())}
    return {**row, "reach": reach[worst], "freedom": freedom[worst]}


def _chance(lead: Array, reach: Array, freedom: Array) -> Array:
    """One-sided p-values: 0 or 1 for a lead that never varies, 1/2 for none at all, NaN where nothing is known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((lead == 0) & (reach == 0), 0.0, lead / reach)
    return stats.t.sf(ratio, freedom)
