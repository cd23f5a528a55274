"""Interventions behind the truth `use`: one region's local latents redrawn from their marginal, all else kept."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simulators.draw.scene import Scene
from simulators.render.signal import moving, signal
from simulators.task.protocol import Strength

if TYPE_CHECKING:
    from simulators.brain import Brain


class World(NamedTuple):
    """One way a subject may be: its latents, and how much of the pathology it carries."""

    scene: Scene
    strength: Strength


def redraws(brain: "Brain", subject: int, stream: str, draws: int) -> Tensor:
    """The subject with one region redrawn after the other: (R * draws, 1, D, H, W), draws of a region adjacent.

    Local latents are pathology (at the base rate of the task), regional volume and signal, folding and noise. Given
    anatomy, all but displacements act on the signal voxel by voxel, so a signal that takes the region's voxels from
    one in which every local latent is redrawn *is* the signal with that region's alone redrawn; the scan, which may
    mix voxels, comes after, with noise pasted the same way. A displacement that belongs to the region is redrawn for
    the whole signal, because it moves what lies around; all others stay what they were.
    """
    scene = brain.scene(subject, stream)
    own = World(scene, brain.state(scene))
    moves, seen = moving(brain, *own), brain.signal(*own)
    others = [other(brain, scene, k) for k in range(draws)]
    noise = np.stack([world.scene.local.noise for world in others], axis=1)
    stay = np.stack([signal(brain, *world, moves) for world in others])
    found = []
    for number, name in enumerate(brain.region_names, start=1):
        if name in brain.displaced:
            around = np.stack([signal(brain, *own, moving(brain, *world)) for world in others])
            within = np.stack([brain.signal(*world) for world in others])
        else:
            around, within = seen, stay
        inside = scene.warped.labels == number
        pasted = np.where(inside, noise, scene.local.noise[:, None])
        found.append(brain.scan(scene, np.where(inside, within, around), pasted))
    return torch.from_numpy(np.concatenate(found))[:, None]


def other(brain: "Brain", scene: Scene, draw: int) -> World:
    """The subject with all local latents redrawn, and a state at the task's base rate."""
    rng = brain.streams(f"{scene.stream}/redraw-{draw}", scene.subject)
    drawn = scene._replace(local=brain.draw_local(rng), pathology=brain.draw_pathology(rng, scene.warped))
    donor = int(rng("label").integers(brain.task.cycle))
    return World(drawn, brain.task.strength(donor, {}, scene.stream))
