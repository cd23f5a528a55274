"""Laws of severity between subjects, with one knob, their spread."""

from collections.abc import Callable
from typing import Literal

import numpy as np

Law = Callable[[np.random.Generator, float], float]


def lognormal(rng: np.random.Generator, spread: float) -> float:
    """Median 1; spread is the SD of the logarithm."""
    return float(np.exp(spread * rng.standard_normal()))


def uniform(rng: np.random.Generator, spread: float) -> float:
    """Evenly from 1 - spread to 1 + spread."""
    return float(1 + spread * rng.uniform(-1, 1))


def staged(rng: np.random.Generator, spread: float) -> float:
    """Two stages, equally frequent: 1 - spread and 1 + spread."""
    return 1 + spread * float(rng.choice((-1, 1)))


#: names of the laws
LawName = Literal["lognormal", "uniform", "staged"]
LAWS: dict[str, Law] = {law.__name__: law for law in (lognormal, uniform, staged)}
