"""Power of a comparison: how large a lead must be to be shown, from variance components that were measured before."""

from collections.abc import Mapping

import numpy as np
from scipy import stats

from bench.report.statistics.intervals import MeanEstimate

#: one-sided, as claims are; and the share of studies in which the lead is shown
LEVEL, POWER = 0.05, 0.8


def least_lead(
    variance: Mapping[str, float], data_seeds: int, model_seeds: int, subjects: int,
    claims: int = 1, most: float = np.inf,
) -> float:  # fmt: skip
    """The lead of one method over another that is shown, at 5 % one-sided, in 8 of 10 studies of such a size.

    variance: of each component, by the names of `components`; those that are missing are zero. claims: leads that are
    judged together, each at its share of the 5 % (Bonferroni). most: degrees of freedom that are not exceeded.

    The lead of one method over another has twice the variance of every interaction with the method. Its t-statistic is
    shifted, not stretched, by the lead (Cohen 1988, Statistical Power Analysis, chapter 2). NaN for one data seed or
    subject.
    """
    if min(data_seeds, subjects) < 2:
        return np.nan
    models = data_seeds * model_seeds
    of_seed = {
        "method x data seed": data_seeds,
        "method x model seed": models,
        "method x data seed x subject": data_seeds * subjects,
        "residual": models * subjects,
    }
    parts = [
        2 * sum(variance.get(name, 0.0) / count for name, count in of_seed.items()),
        2 * variance.get("method x subject", 0.0) / subjects,
    ]
    lead = MeanEstimate(np.zeros(()), np.array(parts), np.array([data_seeds - 1.0, subjects - 1.0]))
    freedom = min(float(lead.satterthwaite()), most)
    reach = stats.t.isf(LEVEL / claims, freedom) + stats.t.isf(1 - POWER, freedom)
    return float(reach * np.sqrt(lead.variance))
