"""Stage calibrate: the amplitude at which a simulator is as separable as it was asked to be."""

from typing import Any

from bench.contracts import Simulator


def calibrate(simulator: Simulator) -> dict[str, Any]:
    """{"amplitude", "asked", "reached", "low", "high", "subjects"}, reached with its 95 % interval.

    For a regression "r2" of the observer as well, for three or more classes "pairs", its AUC of every two ("0-1").

    The observer belongs to the simulator.
    """
    return simulator.calibrate()
