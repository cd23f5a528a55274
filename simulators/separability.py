"""Separability as a dial: the amplitude at which the reference observer reaches the AUC that was asked for."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from bench.contracts import BadInput
from bench.passes.correlation import correlation
from bench.passes.discrimination import AUC, auc
from simulators.brain import Brain
from simulators.draw.scene import Scene
from simulators.observe.observers import Known, Observer
from simulators.observe.readout import fit, regression

#: subjects to fit the observer and solve on, and seed-disjoint ones to verify with
FIT, VERIFY = 2000, 4000
#: amplitudes searched: from invisible to all tissue gone
LOW, HIGH, STEPS = 0.02, 1.0, 8


def calibrate(simulator: Brain, subjects: int = FIT, verify: int = VERIFY) -> dict[str, Any]:
    """Find the amplitude for `simulator.separability` and verify it on other subjects.

    What is asked for is the AUC between the two sides of the explained score; those of a regression are above and below
    its mean. Bisection in log amplitude with common random numbers: every amplitude is tried on the same subjects.
    Returns {"amplitude", "asked", "reached", "low", "high", "subjects"}, reached with its 95 % interval; for values
    "r2" of the observer's linear readout as well, for three or more classes "pairs", the AUC of every two ("0-1").

    Raises:
        BadInput: where not even the whole tissue's loss separates the sides that well, or the least that is searched
            separates them better.
    """
    scenes = [simulator.scene(i, "calibration") for i in range(subjects)]
    judged = [s for s in scenes if simulator.task.side(simulator.task.label(s.subject)) >= 0]
    low, high = LOW, HIGH
    best = _reached(simulator, high, judged)
    if best < simulator.separability:
        raise BadInput(
            f"simulator.separability={simulator.separability} cannot be reached: the best is {best:.3f}, at amplitude "
            f"{high:g}; ask for less, or enlarge the pathology."
        )
    least = _reached(simulator, low, judged)
    if least > simulator.separability:
        raise BadInput(
            f"simulator.separability={simulator.separability} cannot be reached: the lowest is {least:.3f}, at "
            f"amplitude {low:g}; ask for more, or weaken the pathology."
        )
    for _ in range(STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if _reached(simulator, middle, judged) >= simulator.separability else (middle, high)
    amplitude = float(np.sqrt(low * high))
    asked = {"amplitude": round(amplitude, 6), "asked": simulator.separability, "subjects": verify}
    return asked | _verify(simulator, amplitude, scenes, verify)


def observer(simulator: Brain, amplitude: float, scenes: Sequence[Scene]) -> Observer:
    """The reference observer that the pathology names; where it asks for healthy brains, it is shown the scenes'."""
    known = Known(
        simulator.pathology,
        simulator.region_names,
        simulator.contrast,
        amplitude,
        simulator.anatomy.resolution_mm,
        lambda: np.stack([simulator.render(s, 0.0) for s in scenes[:500]]),
    )
    return simulator.pathology.observer.of(known)


class _Seen(NamedTuple):
    """What an observer saw: statistics (n, F), labels (n,) and sides (n,)."""

    features: np.ndarray
    labels: np.ndarray
    sides: np.ndarray

    def judged(self) -> "_Seen":
        """The subjects on either side."""
        return _Seen(*(part[self.sides >= 0] for part in self))

    def of(self, first: int, second: int) -> "_Seen":
        """The subjects of two classes, those of the second on the patients' side."""
        chosen = np.isin(self.labels, (first, second))
        return _Seen(self.features[chosen], self.labels[chosen], (self.labels[chosen] == second).astype(int))


def _look(simulator: Brain, amplitude: float, watcher: Observer, scenes: Sequence[Scene]) -> _Seen:
    at = simulator.with_amplitude(amplitude)
    images = (at.render(s, at.state(s)) for s in scenes)
    features = np.stack([watcher.features(x, s.warped, s.shape) for x, s in zip(images, scenes, strict=True)])
    labels = [simulator.task.label(s.subject) for s in scenes]
    return _Seen(features, np.array(labels), np.array([simulator.task.side(label) for label in labels]))


def _reached(simulator: Brain, amplitude: float, scenes: Sequence[Scene]) -> float:
    """AUC with the discriminant fitted on one half of the subjects and read on the other, averaged over both ways."""
    features, _, sides = _look(simulator, amplitude, observer(simulator, amplitude, scenes), scenes)
    half, products = len(scenes) // 2, simulator.task.products
    folds = [(slice(None, half), slice(half, None)), (slice(half, None), slice(None, half))]
    scores = [auc(fit(features[a], sides[a], products)(features[b]), sides[b]).value for a, b in folds]
    return float(np.mean(scores))


def _verify(simulator: Brain, amplitude: float, scenes: Sequence[Scene], count: int) -> dict[str, Any]:
    """What the observer, fitted on these subjects, reaches on others."""
    watcher = observer(simulator, amplitude, scenes)
    seen, chunks = _look(simulator, amplitude, watcher, scenes), []
    for start in range(0, count, 250):
        fresh = [simulator.scene(i, "verification") for i in range(start, min(start + 250, count))]
        chunks.append(_look(simulator, amplitude, watcher, fresh))
    other = _Seen(*(np.concatenate(part) for part in zip(*chunks, strict=True)))
    products = simulator.task.products
    reached = _auc(seen.judged(), other.judged(), products)
    found: dict[str, Any] = {"reached": reached.value, "low": reached.low, "high": reached.high}
    if simulator.kind == "regression":
        found["r2"] = correlation(other.features @ regression(seen.features, seen.labels), other.labels).r2[0]
    if simulator.outputs > 2:
        pairs = combinations(range(simulator.outputs), 2)
        found["pairs"] = {f"{a}-{b}": _auc(seen.of(a, b), other.of(a, b), products).value for a, b in pairs}
    return found


def _auc(seen: _Seen, other: _Seen, products: bool) -> AUC:
    return auc(fit(seen.features, seen.sides, products)(other.features), other.sides)
