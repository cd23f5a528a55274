"""Statistics of volumes over subjects: how they vary, and how the sides of a structure go together."""

from collections.abc import Callable

import numpy as np

#: subjects drawn again for the standard error of a statistic
RESAMPLES = 200

#: of the volumes (n, sides) of a structure and of the whole brain (n,)
Statistic = Callable[[np.ndarray, np.ndarray], float]


def _cv(volumes: np.ndarray, brain: np.ndarray) -> float:
    return float((volumes.std(0, ddof=1) / volumes.mean(0)).mean())


def _skewness(volumes: np.ndarray, brain: np.ndarray) -> float:
    centred = volumes - volumes.mean(0)
    return float(((centred**3).mean(0) / volumes.std(0) ** 3).mean())


def _sides(volumes: np.ndarray, brain: np.ndarray) -> float:
    return _correlation(*volumes.T)


def _sides_beside_brain(volumes: np.ndarray, brain: np.ndarray) -> float:
    """Correlation of what is left of both sides after a linear fit to the brain's volume."""
    centred = brain - brain.mean()
    slopes = centred @ volumes / (centred @ centred)
    return _correlation(*(volumes - centred[:, None] * slopes).T)


def _asymmetry(volumes: np.ndarray, brain: np.ndarray) -> float:
    """90th percentile of the difference of the sides relative to the larger one, each side relative to its mean.

    The template is symmetric, so that what people's left and right differ by on average is none of its variation.
    """
    relative = volumes / volumes.mean(0)
    return float(np.quantile(1 - relative.min(1) / relative.max(1), 0.9))


def _with_brain(volumes: np.ndarray, brain: np.ndarray) -> float:
    return float(np.mean([_correlation(side, brain) for side in volumes.T]))


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first, second)[0, 1])


#: statistics by the names that the table of norms gives them
QUANTITIES: dict[str, Statistic] = {
    "cv": _cv,
    "skewness": _skewness,
    "sides r": _sides,
    "sides r beside brain": _sides_beside_brain,
    "asymmetry p90": _asymmetry,
    "brain r": _with_brain,
}


def statistic(quantity: str, volumes: np.ndarray, brain: np.ndarray) -> tuple[float, float]:
    """A quantity and its standard error over subjects, by the bootstrap.

    volumes: (n, sides). brain: (n,).
    """
    law, rng = QUANTITIES[quantity], np.random.default_rng(0)
    again = [law(volumes[chosen], brain[chosen]) for chosen in rng.integers(len(brain), size=(RESAMPLES, len(brain)))]
    return law(volumes, brain), float(np.std(again, ddof=1))
