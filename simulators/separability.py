"""Separability as a dial: the amplitude at which the reference observer reaches the AUC that was asked for."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.contracts import BadInput
from bench.passes.discrimination import AUC, auc
from simulators.brain import Brain, Scene
from simulators.observers import Known, Observer
from simulators.readout import fit

#: subjects to fit the observer and solve on, and seed-disjoint ones to verify with
FIT, VERIFY = 2000, 4000
#: amplitudes searched: from invisible to all tissue gone
LOW, HIGH, STEPS = 0.02, 1.0, 8


def calibrate(simulator: Brain, subjects: int = FIT, verify: int = VERIFY) -> dict[str, Any]:
    """Find the amplitude for `simulator.separability` and verify it on other subjects.

    Bisection in log amplitude with common random numbers: every amplitude is tried on the same subjects.
    Returns {"amplitude", "asked", "reached", "low", "high", "subjects"}; reached with its 95 % interval.

    Raises:
        BadInput: where not even the whole tissue's loss separates the classes that well.
    """
    scenes = [simulator.scene(i, "calibration") for i in range(subjects)]
    low, high = LOW, HIGH
    if _reached(simulator, high, scenes) < simulator.separability:
        raise BadInput(f"simulator.separability={simulator.separability} cannot be reached: enlarge the pathology.")
    for _ in range(STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if _reached(simulator, middle, scenes) >= simulator.separability else (middle, high)
    amplitude = float(np.sqrt(low * high))
    verified = _verify(simulator, amplitude, scenes, verify)
    asked = {"amplitude": round(amplitude, 6), "asked": simulator.separability, "subjects": verify}
    return asked | {"reached": verified.value, "low": verified.low, "high": verified.high}


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


def _features(simulator: Brain, amplitude: float, watcher: Observer, scenes: Sequence[Scene]) -> np.ndarray:
    at = simulator.with_amplitude(amplitude)
    images = (at.render(s, at.state(s)) for s in scenes)
    return np.stack([watcher.features(x, s.warped, s.shape) for x, s in zip(images, scenes, strict=True)])


def _labels(simulator: Brain, scenes: Sequence[Scene]) -> np.ndarray:
    return np.array([simulator.task.label(s.subject) for s in scenes])


def _reached(simulator: Brain, amplitude: float, scenes: Sequence[Scene]) -> float:
    """AUC with the discriminant fitted on one half of the subjects and read on the other, averaged over both ways."""
    features = _features(simulator, amplitude, observer(simulator, amplitude, scenes), scenes)
    labels, half, products = _labels(simulator, scenes), len(scenes) // 2, simulator.task.products
    folds = [(slice(None, half), slice(half, None)), (slice(half, None), slice(None, half))]
    scores = [auc(fit(features[a], labels[a], products)(features[b]), labels[b]).value for a, b in folds]
    return float(np.mean(scores))


def _verify(simulator: Brain, amplitude: float, scenes: Sequence[Scene], count: int) -> AUC:
    watcher = observer(simulator, amplitude, scenes)
    seen = _features(simulator, amplitude, watcher, scenes)
    readout = fit(seen, _labels(simulator, scenes), simulator.task.products)
    scores, labels = [], []
    for start in range(0, count, 250):
        fresh = [simulator.scene(i, "verification") for i in range(start, min(start + 250, count))]
        scores.append(readout(_features(simulator, amplitude, watcher, fresh)))
        labels.append(_labels(simulator, fresh))
    return auc(np.concatenate(scores), np.concatenate(labels))
