"""Readout of an observer's statistics as one score: a discriminant for classes, a regression for values."""

from collections.abc import Callable

import numpy as np

Readout = Callable[[np.ndarray], np.ndarray]


def fit(features: np.ndarray, labels: np.ndarray, products: bool) -> Readout:
    """The score (n,) as a function of statistics (n, F), learnt from features (m, F) and labels (m,) in {0, 1}.

    products: read all products of two standardised statistics as well. A linear discriminant of these is quadratic in
    the statistics, which a label needs that depends on no single one.
    """
    if not products:
        weights = discriminant(features, labels)
        return lambda seen: seen @ weights
    mean, scale = features.mean(0), features.std(0) + 1e-12
    first, second = np.triu_indices(features.shape[1])

    def expand(seen: np.ndarray) -> np.ndarray:
        z = (seen - mean) / scale
        return np.concatenate([z, z[:, first] * z[:, second]], axis=1)

    weights = discriminant(expand(features), labels)
    return lambda seen: expand(seen) @ weights


def discriminant(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights (F,) of Fisher's linear discriminant, with a ridge of 1e-3 of each feature's variance."""
    sick, well = features[labels == 1], features[labels == 0]
    scale = features.std(0) + 1e-12
    within = np.cov((sick - sick.mean(0)).T / scale[:, None]) + np.cov((well - well.mean(0)).T / scale[:, None])
    return np.linalg.solve(within + 1e-3 * np.eye(len(scale)), (sick.mean(0) - well.mean(0)) / scale) / scale


def regression(features: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Weights (F,) that predict values (m,) from features (m, F) up to a constant: least squares, ridge as above."""
    scale = features.std(0) + 1e-12
    z = (features - features.mean(0)) / scale
    covariance = z.T @ z / len(z)
    return np.linalg.solve(covariance + 1e-3 * np.eye(len(scale)), z.T @ (values - values.mean()) / len(z)) / scale
