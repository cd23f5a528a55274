"""Agreement of repeated measurements of the same subjects."""

import numpy as np


def icc(scores: np.ndarray) -> np.ndarray:
    """Intraclass correlation ICC(1,1) of scores (N, K, ...) over N subjects measured K times; returns (...).

    (MSB - MSW) / (MSB + (K - 1) MSW) with the mean squares between and within subjects of the one-way layout: the
    repetitions of a subject are a sample of their own, as scans are, and a shift of all of them is disagreement (Shrout
    & Fleiss, Intraclass correlations, Psychological Bulletin 1979, eq. of ICC(1,1)). NaN with fewer than two subjects
    or repetitions, where all scores are equal, and where one is not finite.
    """
    values = np.asarray(scores, dtype=np.float64)
    n, k = values.shape[:2]
    if min(n, k) < 2:
        return np.full(values.shape[2:], np.nan)
    means = values.mean(axis=1)
    between = k * ((means - means.mean(axis=0)) ** 2).sum(axis=0) / (n - 1)
    within = ((values - means[:, None]) ** 2).sum(axis=(0, 1)) / (n * (k - 1))
    whole = between + (k - 1) * within
    differ = np.isfinite(values).all(axis=(0, 1)) & (values.max(axis=(0, 1)) > values.min(axis=(0, 1)))
    return np.where(differ, (between - within) / np.where(differ, whole, 1.0), np.nan)
