"""Detection of models that were trained on a shortcut, by their maps.

A reader who knows other models of either kind, but not the cue, looks at the mean maps of models of a data seed that
it has not seen. A control that never reads the model shows what the images alone give away.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import count

import numpy as np
import pandas as pd
from scipy import stats

from bench.columns.aggregated import DETECTION
from bench.report.metrics.profiles import UNIT
from bench.report.statistics.intervals import Array

#: share of the mean variance that is added to every region's, so that one that hardly varies does not decide
_SHRINKAGE = 0.1


@lru_cache
def enough() -> int:
    """The fewest data seeds, 20, with which a reader who is right in 8 of 10 is told from chance in 8 of 10 studies.

    Told from chance: the interval below, an exact binomial test at 5 %, leaves .5 out. With five data seeds not even a
    reader who is always right is.
    """
    for seeds in count(1):
        most = stats.binom.isf(0.025, seeds, 0.5)
        if stats.binom.sf(most, seeds, 0.8) >= 0.8:
            return seeds
    raise AssertionError


def underpowered(data_seeds: int) -> str:
    """A sentence where so many data seeds a side are too few to tell models apart; "" where they are enough."""
    if data_seeds >= enough():
        return ""
    return (
        f"detect is underpowered: with {data_seeds} data seeds a side a reader who is right in 8 of 10 is "
        f"told from chance in fewer than 8 of 10 studies; give {enough()} or more in seed.data"
    )


def blind_auc(clean: Array, cued: Array, clean_seeds: Array, cued_seeds: Array) -> Array:
    """AUC of telling cued from clean models (M, F), by held-out data seed: one value for each seed that both have.

    The rule is linear, the difference of the means of the other seeds' models over their pooled variance a feature
    (diagonal discriminant analysis), and is scored on pairs within the held-out seed; ties count one half. NaN where
    the other seeds hold fewer than two models of a kind.
    """
    aucs = []
    for seed in np.intersect1d(clean_seeds, cued_seeds):
        known = [clean[clean_seeds != seed], cued[cued_seeds != seed]]
        weight = _rule(*known) if min(len(k) for k in known) > 1 else np.full(clean.shape[1], np.nan)
        a, b = clean[clean_seeds == seed] @ weight, cued[cued_seeds == seed] @ weight
        gap = b[:, None] - a[None, :]
        aucs.append(np.nan if np.isnan(gap).any() else (np.sign(gap) / 2 + 0.5).mean())
    return np.array(aucs, dtype=float)


def detection(table: pd.DataFrame, pairs: Mapping[str, str]) -> pd.DataFrame:
    """One row per pair of simulators, network and method; columns of DETECTION.

    table: what `profiles` gives, of all simulators. pairs: cued simulator -> the clean one beside it. auc: mean over
    held-out data seeds with its 95 % interval. Methods that lack mean maps on either side have no row.
    """
    rows = []
    features = [c for c in table.columns if c not in UNIT]
    for cued, clean in pairs.items():
        for (network, method), mine in table.groupby(["network", "method"]):
            sides = [mine[mine["simulator"] == name] for name in (clean, cued)]
            shared = [f for f in features if all(side[f].notna().all() for side in sides)]
            if shared and all(len(side) for side in sides):
                values = [side[shared].to_numpy(dtype=float) for side in sides]
                aucs = blind_auc(*values, *(side["data_seed"].to_numpy() for side in sides))
                summary = _summary(aucs)
                models = sum(len(side) for side in sides)
                rows.append([clean, cued, network, method, *summary, models, summary[-1] < enough()])
    return pd.DataFrame(rows, columns=DETECTION.names)


def _rule(clean: Array, cued: Array) -> Array:
    centred = np.concatenate([clean - clean.mean(0), cued - cued.mean(0)])
    variance = (centred**2).sum(0) / max(len(centred) - 2, 1)
    added = variance + _SHRINKAGE * variance.mean()
    apart = cued.mean(0) - clean.mean(0)
    return np.asarray(np.where(added > 0, apart / np.where(added > 0, added, 1.0), apart))


def _summary(aucs: Array) -> list[float]:
    """The mean AUC (K,) of held-out data seeds, its 95 % interval, and how many seeds have a value.

    The interval is exact where each seed is right or wrong (Clopper & Pearson 1934, Biometrika 26:404) and cautious
    where it is in between; Student's would have no width where all seeds agree.
    """
    known = aucs[np.isfinite(aucs)]
    right, count = known.sum(), len(known)
    if not count:
        return [float("nan"), float("nan"), float("nan"), 0]
    low = stats.beta.ppf(0.025, right, count - right + 1) if right else 0.0
    high = stats.beta.ppf(0.975, right + 1, count - right) if right < count else 1.0
    return [float(known.mean()), float(low), float(high), count]
