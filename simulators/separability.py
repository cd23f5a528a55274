"""Separability as a dial: the amplitude at which the reference observer reaches the AUC that was asked for."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from bench.contracts import impossible
from bench.passes.correlation import correlation
from bench.passes.discrimination import AUC, auc
from simulators.draw.scene import Scene
from simulators.draw.subject import draw
from simulators.observe.observers import Known, Observer
from simulators.observe.readout import fit, regression
from simulators.parts import Parts
from simulators.render.signal import image

#: subjects to fit the observer and solve on, and seed-disjoint ones to verify with
FIT, VERIFY = 2000, 4000
#: amplitudes searched: from invisible to all tissue gone
LOW, HIGH, STEPS = 0.02, 1.0, 8


def calibrate(parts: Parts, separability: float, subjects: int = FIT, verify: int = VERIFY) -> dict[str, Any]:
    """The amplitude for a separability, verified on other subjects.

    separability: the AUC between the two sides of the explained score; those of a regression are above and below its
    mean. Bisection in log amplitude with common random numbers: every amplitude is tried on the same subjects.
    Returns {"amplitude", "asked", "reached", "low", "high", "subjects"}, reached with its 95 % interval; for values
    "r2" of the observer's linear readout as well, for three or more classes "pairs", the AUC of every two ("0-1").

    Raises:
        BadInput: where not even the whole tissue's loss separates the sides that well, or the least that is searched
            separates them better.
    """
    scenes = [draw(parts, i, "calibration") for i in range(subjects)]
    judged = [scene for scene in scenes if parts.labels.side(parts.task.label(scene.subject)) >= 0]
    low, high = LOW, HIGH
    best = _reached(parts, high, judged)
    if best < separability:
        most = f"at most {best:.3f}, which is reached at amplitude {high:g}, or enlarge the pathology"
        raise impossible("simulator", "separability", separability, most)
    least = _reached(parts, low, judged)
    if least > separability:
        more = f"at least {least:.3f}, which is reached at amplitude {low:g}, or weaken the pathology"
        raise impossible("simulator", "separability", separability, more)
    for _ in range(STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if _reached(parts, middle, judged) >= separability else (middle, high)
    amplitude = float(np.sqrt(low * high))
    asked = {"amplitude": round(amplitude, 6), "asked": separability, "subjects": verify}
    return asked | _verify(parts, amplitude, scenes, verify)


def observer(parts: Parts, amplitude: float, scenes: Sequence[Scene]) -> Observer:
    """The reference observer that the pathology names; where it asks for healthy brains, it is shown the scenes'."""
    known = Known(
        parts.pathology,
        parts.names,
        parts.contrast,
        amplitude,
        parts.voxel_mm,
        lambda count: ((image(parts, scene, parts.each(0.0)), scene.warped) for scene in scenes[:count]),
        frozenset(region for part in parts.pathologies if part.dialled for region in part.regions),
    )
    return parts.pathology.observer.of(known)


class _Seen(NamedTuple):
    """Subjects as an observer saw them: statistics (n, F), labels (n,) and sides (n,)."""

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


def _look(parts: Parts, amplitude: float, watcher: Observer, scenes: Sequence[Scene]) -> _Seen:
    at, rows = replace(parts, amplitude=amplitude), []
    for scene in scenes:
        # a place of its own, so that thousands of subjects do not keep what was slow to work out of their anatomies
        lone = scene._replace(place=replace(scene.place))
        seen = image(at, lone, parts.strengths(scene.subject, scene.stream))
        rows.append(watcher.features(seen, scene.warped, scene.shape))
    labels = [parts.task.label(scene.subject) for scene in scenes]
    return _Seen(np.stack(rows), np.array(labels), np.array([parts.labels.side(label) for label in labels]))


def _reached(parts: Parts, amplitude: float, scenes: Sequence[Scene]) -> float:
    """AUC with the discriminant fitted on one half of the subjects and read on the other, averaged over both ways."""
    features, _, sides = _look(parts, amplitude, observer(parts, amplitude, scenes), scenes)
    half, products = len(scenes) // 2, parts.labels.products
    folds = [(slice(None, half), slice(half, None)), (slice(half, None), slice(None, half))]
    scores = [auc(fit(features[a], sides[a], products)(features[b]), sides[b]).value for a, b in folds]
    return float(np.mean(scores))


def _verify(parts: Parts, amplitude: float, scenes: Sequence[Scene], count: int) -> dict[str, Any]:
    """The result of the observer, fitted on these subjects, on others."""
    watcher = observer(parts, amplitude, scenes)
    seen, chunks = _look(parts, amplitude, watcher, scenes), []
    for start in range(0, count, 250):
        fresh = [draw(parts, i, "verification") for i in range(start, min(start + 250, count))]
        chunks.append(_look(parts, amplitude, watcher, fresh))
    other = _Seen(*(np.concatenate(part) for part in zip(*chunks, strict=True)))
    products = parts.labels.products
    reached = _auc(seen.judged(), other.judged(), products)
    found: dict[str, Any] = {"reached": reached.value, "low": reached.low, "high": reached.high}
    if parts.labels.kind == "regression":
        found["r2"] = correlation(other.features @ regression(seen.features, seen.labels), other.labels).r2[0]
    if parts.labels.outputs > 2:
        pairs = combinations(range(parts.labels.outputs), 2)
        found["pairs"] = {f"{a}-{b}": _auc(seen.of(a, b), other.of(a, b), products).value for a, b in pairs}
    return found


def _auc(seen: _Seen, other: _Seen, products: bool) -> AUC:
    return auc(fit(seen.features, seen.sides, products)(other.features), other.sides)
