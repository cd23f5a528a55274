"""Truths of what is not disease: where a map that follows the label alone has no mass to spend.

distractor: what lesions that mean nothing change. cue: what a marker that goes with the label while training changes.
Both are a subject's image minus the same image without them, after all rendering; zero where the subject has none.
suppressor: the healthy regions that vary with a diseased one, 1 inside; a model gains from reading them, though
nothing is ever wrong there (Haufe et al. 2014, NeuroImage 87:96).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.contracts import BadInput
from simulators.draw.scene import Scene
from simulators.pathology.protocol import Named
from simulators.task.protocol import Harmless

if TYPE_CHECKING:
    from simulators.brain import Brain

#: what is not disease, and why a simulator without it has none
ABSENT = {
    "distractor": "every part of the pathology matters for the label",
    "suppressor": "no healthy region is coupled with a diseased one",
    "cue": "no marker goes with the label",
}


def missing(brain: "Brain") -> dict[str, str]:
    """Which of these truths do not exist here, and why."""
    present = {*switched(brain), *(["suppressor"] if suppressors(brain) else [])}
    return {name: why for name, why in ABSENT.items() if name not in present}


def switched(brain: "Brain") -> dict[str, tuple[int, ...]]:
    """Places of the parts that are distractors or a cue, by name."""
    return {name: parts for name, parts in _harmless(brain).items() if name != "suppressor"}


def suppressors(brain: "Brain") -> tuple[str, ...]:
    """Regions that a task calls suppressors, and healthy ones that are coupled with those where its causes act."""
    diseased = _regions([part for part, cause in zip(brain.parts.parts, _causes(brain), strict=True) if cause])
    told = _regions([brain.parts.parts[place] for place in _harmless(brain).get("suppressor", ())])
    return tuple(sorted(told | brain.local.partners(diseased)))


def require_dialled_cause(brain: "Brain") -> None:
    """Refuse amplitudes by which the dial of separability would move nothing that the label depends on.

    Raises:
        BadInput: naming the amplitudes.
    """
    amplitudes = brain.parts.amplitudes
    if not any(own is None and cause for own, cause in zip(amplitudes, _causes(brain), strict=True)):
        raise BadInput(
            f"pathology.amplitudes={list(amplitudes)!r} leave to the dial only parts that are no cause of the label: "
            "give null to a cause and a value to what is none."
        )


def changed(brain: "Brain", scene: Scene, image: np.ndarray, parts: Sequence[int]) -> np.ndarray:
    """What some parts change of a subject's image (D, H, W): the image minus the one without them."""
    own = brain.each(brain.state(scene))
    absent = {part % len(own) for part in parts}
    return image - brain.render(scene, tuple(0.0 if k in absent else s for k, s in enumerate(own)))


def within(brain: "Brain", scene: Scene, regions: Sequence[str]) -> np.ndarray:
    """1 in the brain's voxels (D, H, W) of the named regions, else 0."""
    return (brain.place(scene.warped).within(tuple(regions)) & (scene.warped.maps[2] > 0.5)).astype(np.float32)


def _causes(brain: "Brain") -> list[bool]:
    """For each part of the pathology whether it is a cause of the label."""
    count = len(brain.parts.parts)
    silent = {place % count for places in _harmless(brain).values() for place in places}
    return [place not in silent for place in range(count)]


def _harmless(brain: "Brain") -> Mapping[str, tuple[int, ...]]:
    return brain.task.harmless if isinstance(brain.task, Harmless) else {}


def _regions(parts: Sequence[object]) -> set[str]:
    return {region for part in parts if isinstance(part, Named) for region in part.regions}
