"""Stage calibrate: the amplitude at which a simulator is as separable as it was asked to be."""

import importlib
from typing import Any

from bench.contracts import Simulator


def calibrate(simulator: Simulator) -> dict[str, Any]:
    """{"amplitude", "asked", "reached", "low", "high", "subjects"}, reached with its 95 % interval.

    For a regression "r2" of the observer as well, for three or more classes "pairs", its AUC of every two ("0-1").

    The observer belongs to the simulator's package, whose module `separability` offers `calibrate(simulator)`; a
    simulator from elsewhere brings its own.
    """
    package = type(simulator).__module__.rpartition(".")[0]
    found: dict[str, Any] = importlib.import_module(f"{package}.separability").calibrate(simulator)
    return found
