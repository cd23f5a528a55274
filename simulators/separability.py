"""Separability as a dial: the amplitude at which the reference observer reaches the AUC that was asked for."""

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from bench.contracts import impossible
from bench.passes.correlation import correlation
from simulators.draw.bank import fill
from simulators.draw.drawn import DrawnSubjects
from simulators.draw.scene import Scene
from simulators.draw.subject import healthy
from simulators.observe.observers import Known, Observer
from simulators.observe.pattern import places_read, values_read
from simulators.observe.readout import regression
from simulators.observe.seen import SeenSubjects, separated, with_pattern
from simulators.parts import Parts
from simulators.render.signal import image, pictured

#: subjects to fit the observer and solve on, and seed-disjoint ones to verify with
FIT, VERIFY = 2000, 4000
#: stream of the subjects that are searched on
STREAM = "calibration"
#: amplitudes that a search mostly tries
TRIED = 8
#: parts of the subjects that are judged in turn by an observer fitted on the rest
FOLDS = 5
#: amplitudes searched, from invisible to all tissue gone, and how closely, as a number and as a share of the amplitude
LOW, HIGH, CLOSE, SHARE = 0.02, 1.0, 0.001, 0.01
#: AUC above which the sides count as equally well separated
VISIBLE = 1 - 1e-6


def calibrate(
    parts: Parts,
    separability: float,
    subjects: int = FIT,
    verify: int = VERIFY,
    bank: Path | None = None,
    reached: MutableMapping[float, float] | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> dict[str, Any]:
    """The amplitude for a separability, verified on other subjects.

    separability: the AUC between the two sides of the explained score; those of a regression are above and below its
    mean. Brent's method with common random numbers: every amplitude is tried on the same subjects, and what is solved
    for is the observer's d', which is about linear in the amplitude.
    bank: a folder with the healthy subjects of the stream `calibration`, else they are drawn into a temporary one.
    reached: the AUC by amplitude, as far as it is known from an interrupted search. progress: takes the share done.
    Returns {"amplitude", "asked", "reached", "low", "high", "subjects"}, reached with its 95 % interval; for values
    "r2" of the observer's linear readout as well, for three or more classes "pairs", the AUC of every two ("0-1").

    Raises:
        BadInput: where not even the whole tissue's loss separates the sides that well, or the least that is searched
            separates them better.
    """
    with tempfile.TemporaryDirectory() if bank is None else nullcontext(bank) as place:
        folder = Path(place)
        if bank is None:
            fill(folder, partial(healthy, parts), {STREAM: subjects})
        known: MutableMapping[float, float] = {} if reached is None else reached
        share = _Share(TRIED * subjects + verify, subjects + verify, progress, len(known) * subjects)
        search = Search(parts, folder, range(subjects), known, share)
        amplitude = search.amplitude(separability)
        share.searched()
        asked = {"amplitude": round(amplitude, 6), "asked": separability, "subjects": verify}
        return asked | _verify(parts, amplitude, search, verify)


class _Share:
    """Subjects that were looked at, told as a share of those expected; how many amplitudes are tried nobody knows.

    least: subjects that may yet be looked at once the search is over.
    """

    def __init__(self, expected: int, least: int, progress: Callable[[float], None], done: int) -> None:
        self.expected, self.least, self.progress, self.done = expected, least, progress, done

    def __call__(self, subjects: int) -> None:
        self.done += subjects
        self.progress(self.done / max(self.expected, self.done + self.least))

    def searched(self) -> None:
        """The search is over: what is left is known."""
        self.expected, self.least = self.done + self.least, 0


@dataclass
class Search:
    """The search for an amplitude on common subjects.

    bank: folder with what is slow to draw of them. reached: AUC by amplitude, kept by whoever gave it.
    """

    parts: Parts
    bank: Path
    subjects: Sequence[int]
    reached: MutableMapping[float, float]
    progress: Callable[[int], None]

    def amplitude(self, separability: float) -> float:
        """The amplitude that reaches a separability; raises BadInput as `calibrate` does."""
        if self.reach(HIGH) < separability:
            most = f"at most {self.reach(HIGH):.3f}, which is reached at amplitude {HIGH:g}, or enlarge the pathology"
            raise impossible("simulator", "separability", separability, most)
        if self.reach(LOW) > separability:
            more = f"at least {self.reach(LOW):.3f}, which is reached at amplitude {LOW:g}, or weaken the pathology"
            raise impossible("simulator", "separability", separability, more)

        def beyond(amplitude: float) -> float:
            return float(norm.ppf(min(self.reach(amplitude), VISIBLE)) - norm.ppf(separability))

        return float(brentq(beyond, LOW, HIGH, xtol=CLOSE, rtol=SHARE))

    def reach(self, amplitude: float) -> float:
        """Mean AUC over the folds, each read by an observer fitted on the others."""
        amplitude = float(amplitude)
        if amplitude not in self.reached:
            _, seen = self.seen(amplitude, self.judged)
            numbers = np.arange(len(seen.sides))
            folds = ((seen.only(np.delete(numbers, fold)), seen.only(fold)) for fold in np.array_split(numbers, FOLDS))
            products = self.parts.labels.products
            self.reached[amplitude] = float(np.mean([separated(rest, fold, products).value for rest, fold in folds]))
        return self.reached[amplitude]

    @cached_property
    def judged(self) -> tuple[int, ...]:
        """Subjects on either side."""
        return tuple(i for i in self.subjects if self.parts.labels.side(self.parts.task.label(i)) >= 0)

    @cached_property
    def seen(self) -> Callable[[float, tuple[int, ...]], tuple[Observer, SeenSubjects]]:
        """The observer at an amplitude and what it sees of subjects; the last is kept, mostly that which is chosen."""
        return lru_cache(maxsize=1)(self._seen)

    def fresh(self, count: int) -> DrawnSubjects:
        """So many subjects that no search saw."""
        return DrawnSubjects(self.parts, "verification", range(count), progress=self.progress)

    def _seen(self, amplitude: float, subjects: tuple[int, ...]) -> tuple[Observer, SeenSubjects]:
        scenes = DrawnSubjects(self.parts, STREAM, subjects, self.bank, self.progress)
        watcher = observer(self.parts, amplitude, scenes)
        return watcher, as_seen(self.parts, amplitude, watcher, scenes)


def observer(parts: Parts, amplitude: float, scenes: Iterable[Scene]) -> Observer:
    """The reference observer that the pathology names; where it asks for healthy brains, it is shown the scenes'.

    scenes: can be gone through more than once.
    """
    known = Known(
        parts.pathology,
        parts.names,
        parts.contrast,
        amplitude,
        parts.voxel_mm,
        lambda count: ((image(parts, scene, parts.each(0.0)), scene.warped) for scene in islice(scenes, count)),
        frozenset(region for part in parts.pathologies if part.dialled for region in part.regions),
    )
    return parts.pathology.observer.of(known)


def as_seen(parts: Parts, amplitude: float, watcher: Observer, scenes: Collection[Scene]) -> SeenSubjects:
    """What an observer sees of subjects at an amplitude."""
    at, labels = replace(parts, amplitude=amplitude), []
    read = places_read(parts.anatomy.template.maps[2], parts.voxel_mm)
    # one block each: small arrays that stay, between volumes that go, leave holes in memory that no volume fits into
    images = np.empty((len(scenes), int(read.sum())), np.float32)
    statistics = np.empty((len(scenes), 0))
    for row, scene in enumerate(scenes):
        seen, anatomy = pictured(at, scene, parts.strengths(scene.subject, scene.stream))
        features = watcher.features(seen, anatomy, _shape_shown(parts, scene))
        if not row:
            statistics = np.empty((len(scenes), len(features)))
        statistics[row] = features
        images[row] = values_read(seen, read, parts.voxel_mm)
        labels.append(parts.task.label(scene.subject))
    sides = np.array([parts.labels.side(label) for label in labels])
    return SeenSubjects(statistics, images, np.array(labels), sides)


def _shape_shown(parts: Parts, scene: Scene) -> Mapping[str, np.ndarray]:
    """A subject's shape; where anatomy has moved, no image shows how large ventricles were in health."""
    return {**scene.shape, "ventricles": np.zeros_like(scene.shape["ventricles"])} if parts.moving else scene.shape


def _verify(parts: Parts, amplitude: float, search: Search, count: int) -> dict[str, Any]:
    """The result of the observer, fitted on the subjects of the search, on others."""
    watcher, seen = search.seen(amplitude, tuple(search.subjects))
    other = as_seen(parts, amplitude, watcher, search.fresh(count))
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
