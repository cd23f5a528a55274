"""Truths of what is not disease: where a map that follows the label alone has no mass to spend.

distractor: what lesions that mean nothing change. cue: what a marker that goes with the label while training changes.
Both are a subject's image minus the same image without them, after all rendering; zero where the subject has none.
suppressor: the healthy regions that vary with a diseased one, 1 inside; a model gains from reading them, though
nothing is ever wrong there (Haufe et al. 2014, NeuroImage 87:96).
"""

from collections.abc import Iterable, Sequence

import numpy as np

from bench.contracts import impossible
from simulators.draw.scene import Scene
from simulators.parts import Part, Parts
from simulators.render.signal import image

#: what is not disease, and why a simulator without it has none
ABSENT = {
    "distractor": "every part of the pathology matters for the label",
    "suppressor": "no healthy region is coupled with a diseased one",
    "cue": "no marker goes with the label",
}


def missing(parts: Parts) -> dict[str, str]:
    """The truths of this kind that do not exist here, each with its reason."""
    present = {*switched(parts), *(["suppressor"] if suppressors(parts) else [])}
    return {name: why for name, why in ABSENT.items() if name not in present}


def switched(parts: Parts) -> dict[str, tuple[int, ...]]:
    """Numbers of the parts that are distractors or a cue, by name."""
    return {name: numbers for name, numbers in parts.labels.not_disease.items() if name != "suppressor"}


def suppressors(parts: Parts) -> tuple[str, ...]:
    """Regions that a task calls suppressors, and healthy ones that are coupled with those where its causes act."""
    diseased = _regions(part for part, cause in zip(parts.pathologies, causes(parts), strict=True) if cause)
    named = _regions(parts.pathologies[number] for number in parts.labels.not_disease.get("suppressor", ()))
    return tuple(sorted(named | parts.local.partners(diseased)))


def require_dialled_cause(parts: Parts) -> None:
    """Refuse amplitudes by which the dial of separability would move nothing that the label depends on.

    Raises:
        BadInput: naming the amplitudes.
    """
    if not any(part.dialled and cause for part, cause in zip(parts.pathologies, causes(parts), strict=True)):
        amplitudes = [None if part.dialled else part.amplitude for part in parts.pathologies]
        raise impossible("pathology", "amplitudes", amplitudes, "null to a cause of the label, a value to what is none")


def changed(parts: Parts, scene: Scene, seen: np.ndarray, numbers: Sequence[int]) -> np.ndarray:
    """The change that some parts make to a subject's image (D, H, W): the image minus the one without them."""
    strengths = parts.strengths(scene.subject, scene.stream)
    absent = {number % len(strengths) for number in numbers}
    return seen - image(parts, scene, tuple(0.0 if k in absent else s for k, s in enumerate(strengths)))


def within(scene: Scene, regions: Sequence[str]) -> np.ndarray:
    """1 in the brain's voxels (D, H, W) of the named regions, else 0."""
    return (scene.place.within(tuple(regions)) & (scene.warped.maps[2] > 0.5)).astype(np.float32)


def causes(parts: Parts) -> list[bool]:
    """For each part of the pathology whether it is a cause of the label."""
    count = len(parts.pathologies)
    silent = {number % count for numbers in parts.labels.not_disease.values() for number in numbers}
    return [number not in silent for number in range(count)]


def _regions(parts: Iterable[Part]) -> set[str]:
    return {region for part in parts for region in part.regions}
