"""Interventions behind the truth `use`: one region's local latents redrawn from their marginal, all else kept."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from simulators.pathology.protocol import Displaces
from simulators.scene import Scene
from simulators.task.protocol import Strength

if TYPE_CHECKING:
    from simulators.brain import Brain


def redraws(brain: "Brain", subject: int, stream: str, draws: int) -> Tensor:
    """The subject with one region redrawn after the other: (R * draws, 1, D, H, W), draws of a region adjacent.

    Local latents are pathology (at the base rate of the task), regional volume and signal, folding and noise. Given
    anatomy, all but displacements act on the signal voxel by voxel, so a signal that takes the region's voxels from
    one in which every local latent is redrawn *is* the signal with that region's alone redrawn; the scan, which may
    mix voxels, comes after, with noise pasted the same way. A displacement that belongs to the region is redrawn for
    the whole signal, because it moves what lies around; all others stay what they were.
    """
    scene = brain.scene(subject, stream)
    own = brain.state(scene)
    signal = brain.signal(scene, own)
    others = [_other(brain, scene, stream, k) for k in range(draws)]
    noise = np.stack([other.local.noise for other, _ in others], axis=1)
    stay = np.stack([brain.signal(*_keep(brain, scene, own, *other)) for other in others])
    found = []
    for number, name in enumerate(brain.region_names, start=1):
        if name in brain.displaced:
            around = np.stack([brain.signal(*_keep(brain, *other, scene, own)) for other in others])
            within = np.stack([brain.signal(*other) for other in others])
        else:
            around, within = signal, stay
        inside = scene.warped.labels == number
        pasted = np.where(inside, noise, scene.local.noise[:, None])
        found.append(brain.scan(scene, np.where(inside, within, around), pasted))
    return torch.from_numpy(np.concatenate(found))[:, None]


def _other(brain: "Brain", scene: Scene, stream: str, draw: int) -> tuple[Scene, Strength]:
    """The subject with all local latents redrawn, and a state at the task's base rate."""
    rng = brain.streams(f"{stream}/redraw-{draw}", scene.subject)
    other = scene._replace(local=brain.draw_local(rng), pathology=brain.draw_pathology(rng, scene.warped))
    donor = int(rng("label").integers(brain.task.cycle))
    return other, brain.task.strength(donor, {}, stream)


def _keep(
    brain: "Brain", still: Scene, still_at: Strength, moving: Scene, moving_at: Strength
) -> tuple[Scene, Strength]:
    """A scene with the displacements of one subject and all else of the other."""
    displaces = [isinstance(part, Displaces) for part in brain.parts.parts]
    if not any(displaces):
        return moving, moving_at
    latents = tuple(a if d else b for a, b, d in zip(still.pathology, moving.pathology, displaces, strict=True))
    pairs = zip(brain.each(still_at), brain.each(moving_at), displaces, strict=True)
    return moving._replace(pathology=latents), tuple(a if d else b for a, b, d in pairs)
