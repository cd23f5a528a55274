"""Separability as a dial: the amplitude at which the reference observer reaches the AUC that was asked for."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from bench.contracts import impossible
from bench.passes.correlation import correlation
from simulators.draw.scene import Scene
from simulators.draw.subject import draw
from simulators.observe.observers import Known, Observer
from simulators.observe.pattern import places_read, values_read
from simulators.observe.readout import regression
from simulators.observe.seen import SeenSubjects, separated, with_pattern
from simulators.parts import Parts
from simulators.render.signal import image

#: subjects to fit the observer and solve on, and seed-disjoint ones to verify with
FIT, VERIFY = 2000, 4000
#: parts of the subjects that are judged in turn by an observer fitted on the rest
FOLDS = 5
#: amplitudes searched, from invisible to all tissue gone, and how closely, as a number and as a share of the amplitude
LOW, HIGH, CLOSE, SHARE = 0.02, 1.0, 0.001, 0.01
#: AUC above which the sides count as equally well separated
VISIBLE = 1 - 1e-6


def calibrate(parts: Parts, separability: float, subjects: int = FIT, verify: int = VERIFY) -> dict[str, Any]:
    """The amplitude for a separability, verified on other subjects.

    separability: the AUC between the two sides of the explained score; those of a regression are above and below its
    mean. Brent's method with common random numbers: every amplitude is tried on the same subjects, and what is solved
    for is the observer's d', which is about linear in the amplitude.
    Returns {"amplitude", "asked", "reached", "low", "high", "subjects"}, reached with its 95 % interval; for values
    "r2" of the observer's linear readout as well, for three or more classes "pairs", the AUC of every two ("0-1").

    Raises:
        BadInput: where not even the whole tissue's loss separates the sides that well, or the least that is searched
            separates them better.
    """
    scenes = [draw(parts, i, "calibration") for i in range(subjects)]
    judged = [scene for scene in scenes if parts.labels.side(parts.task.label(scene.subject)) >= 0]

    @cache
    def reach(amplitude: float) -> float:
        return _reached(parts, amplitude, judged)

    if reach(HIGH) < separability:
        most = f"at most {reach(HIGH):.3f}, which is reached at amplitude {HIGH:g}, or enlarge the pathology"
        raise impossible("simulator", "separability", separability, most)
    if reach(LOW) > separability:
        more = f"at least {reach(LOW):.3f}, which is reached at amplitude {LOW:g}, or weaken the pathology"
        raise impossible("simulator", "separability", separability, more)

    def beyond(amplitude: float) -> float:
        return float(ndtri(min(reach(amplitude), VISIBLE)) - ndtri(separability))

    amplitude = float(brentq(beyond, LOW, HIGH, xtol=CLOSE, rtol=SHARE))
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


def _look(parts: Parts, amplitude: float, watcher: Observer, scenes: Sequence[Scene]) -> SeenSubjects:
    at, statistics, images = replace(parts, amplitude=amplitude), [], []
    read = places_read(parts.anatomy.template.maps[2], parts.voxel_mm)
    for scene in scenes:
        # a place of its own, so that thousands of subjects do not keep what was slow to work out of their anatomies
        lone = scene._replace(place=replace(scene.place))
        seen = image(at, lone, parts.strengths(scene.subject, scene.stream))
        statistics.append(watcher.features(seen, scene.warped, scene.shape))
        images.append(values_read(seen, read, parts.voxel_mm))
    labels = [parts.task.label(scene.subject) for scene in scenes]
    sides = np.array([parts.labels.side(label) for label in labels])
    return SeenSubjects(np.stack(statistics), np.stack(images), np.array(labels), sides)


def _reached(parts: Parts, amplitude: float, scenes: Sequence[Scene]) -> float:
    """Mean AUC over the folds, each read by an observer fitted on the others."""
    seen = _look(parts, amplitude, observer(parts, amplitude, scenes), scenes)
    numbers = np.arange(len(scenes))
    folds = [(seen.only(np.delete(numbers, fold)), seen.only(fold)) for fold in np.array_split(numbers, FOLDS)]
    return float(np.mean([separated(rest, fold, parts.labels.products).value for rest, fold in folds]))


def _verify(parts: Parts, amplitude: float, scenes: Sequence[Scene], count: int) -> dict[str, Any]:
    """The result of the observer, fitted on these subjects, on others."""
    watcher = observer(parts, amplitude, scenes)
    seen, chunks = _look(parts, amplitude, watcher, scenes), []
    for start in range(0, count, 250):
        fresh = [draw(parts, i, "verification") for i in range(start, min(start + 250, count))]
        chunks.append(_look(parts, amplitude, watcher, fresh))
    other = SeenSubjects(*(np.concatenate(part) for part in zip(*chunks, strict=True)))
    products = parts.labels.products
    reached = separated(seen.judged(), other.judged(), products)
    result: dict[str, Any] = {"reached": reached.value, "low": reached.low, "high": reached.high}
    if parts.labels.kind == "regression":
        known, met = with_pattern(seen, other, seen.labels)
        result["r2"] = correlation(met @ regression(known, seen.labels), other.labels).r2[0]
    if parts.labels.outputs > 2:
        pairs = combinations(range(parts.labels.outputs), 2)
        result["pairs"] = {f"{a}-{b}": separated(seen.of(a, b), other.of(a, b), products).value for a, b in pairs}
    return result
