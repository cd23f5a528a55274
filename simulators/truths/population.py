"""The population that truths are estimated on: subjects with the label's pathology and without."""

from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np

from simulators.draw.scene import Scene
from simulators.draw.subject import draw, position
from simulators.parts import Parts, Strengths
from simulators.render.signal import image

#: the stream, shared by all data seeds
STREAM = "population"
#: statistics of a region, in the order of `features`
STATISTICS = ("mean", "SD", "local energy", "sum")


class Couple(NamedTuple):
    """One subject in both states: images (D, H, W), region labels, brain mask, template position (D, H, W, 3) in mm."""

    well: np.ndarray
    sick: np.ndarray
    labels: np.ndarray
    brain: np.ndarray
    position: np.ndarray


def couples(parts: Parts, pairs: int) -> Iterator[Couple]:
    """Subjects on either side of the explained score, each with and without the pathology, all else the same."""
    for subject in islice(_on(parts, 0, 1), pairs):
        scene = draw(parts, subject, STREAM)
        well, sick = (image(parts, scene, strengths) for strengths in ends(parts, scene))
        yield Couple(well, sick, scene.warped.labels, scene.warped.brain, position(parts, scene))


def ends(parts: Parts, scene: Scene) -> tuple[Strengths, Strengths]:
    """A subject's strengths without and with the pathology: those of its two labels, or the ends of a value's range.

    Only what the label is made of differs: a value goes by `strength`, because "off" also takes what is no disease.
    """
    if parts.labels.kind == "regression":
        return _strengths(parts, scene, {"strength": 0.0}), _strengths(parts, scene, {"strength": 1.0})
    strengths, other = _strengths(parts, scene, {}), _strengths(parts, scene, {"pathology": "swap"})
    control = parts.labels.side(parts.task.label(scene.subject)) == 0
    return (strengths, other) if control else (other, strengths)


def _strengths(parts: Parts, scene: Scene, do: Mapping[str, Any]) -> Strengths:
    return parts.strengths(scene.subject, scene.stream, do)


def exchanged(parts: Parts, subjects: int) -> tuple[np.ndarray, np.ndarray]:
    """Statistics of subjects as controls and as patients, rows of one subject together: (n, R, 4), (n, R, 4).

    The k-th control and the k-th patient exchange what they carry. So every state is as frequent as on its side of the
    explained score (for a value, below or above its mean), and means differ by nothing but these states.
    subjects: n, even.
    """
    rows = []
    for pair in islice(zip(_on(parts, 0), _on(parts, 1), strict=True), subjects // 2):
        states = [parts.strengths(subject, STREAM) for subject in pair]
        for scene in (draw(parts, subject, STREAM) for subject in pair):
            images = (image(parts, scene, strengths) for strengths in states)
            rows.append([features(seen, scene.warped.labels, len(parts.names)) for seen in images])
    well, sick = np.array(rows).swapaxes(0, 1)
    return well, sick


def _on(parts: Parts, *sides: int) -> Iterator[int]:
    """The subjects on these sides of the explained score."""
    return (subject for subject in count() if parts.labels.side(parts.task.label(subject)) in sides)


def features(image: np.ndarray, labels: np.ndarray, regions: int) -> np.ndarray:
    """(R, 4) float64: mean, SD, local energy and sum of the intensities of each region; empty regions are 0.

    Local energy is the logarithm of the mean squared difference of neighbours that both lie in the region, so that no
    statistic of a region depends on voxels of another.
    """
    flat, values = labels.ravel(), image.ravel().astype(np.float64)
    count, total, square = (np.bincount(flat, w, minlength=regions + 1)[1:] for w in (None, values, values**2))
    present = np.maximum(count, 1)
    mean = total / present
    spread = np.sqrt(np.maximum(square / present - mean**2, 0))
    return np.stack([mean, spread, np.log(_energy(image, labels, regions) + 1e-9), total], -1)


def _energy(image: np.ndarray, labels: np.ndarray, regions: int) -> np.ndarray:
    """(R,) mean squared difference of neighbouring voxels within each region."""
    number, square = np.zeros(regions + 1), np.zeros(regions + 1)
    for axis in range(3):
        near, far = ([slice(None)] * axis + [part] for part in (slice(None, -1), slice(1, None)))
        inside = labels[tuple(near)] == labels[tuple(far)]
        within = labels[tuple(near)][inside]
        steps = (image[tuple(far)] - image[tuple(near)])[inside].astype(np.float64)
        number += np.bincount(within, minlength=regions + 1)
        square += np.bincount(within, steps**2, minlength=regions + 1)
    return (square / np.maximum(number, 1))[1:]
