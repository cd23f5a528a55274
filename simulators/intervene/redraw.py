"""Interventions behind the truth `use`: one region's local latents redrawn from their marginal, all else kept."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from simulators.draw import subject
from simulators.draw.scene import Scene
from simulators.parts import Parts, Strengths
from simulators.render.signal import moving, scanned, signal


class State(NamedTuple):
    """One state of a subject: its latents, and the strength of each part of the pathology."""

    scene: Scene
    strengths: Strengths


def redraws(parts: Parts, scene: Scene, draws: int) -> Tensor:
    """The subject with one region redrawn after the other: (R * draws, 1, D, H, W), draws of a region adjacent.

    Local latents are pathology (at the base rate of the task), regional volume and signal, folding and noise. Given
    anatomy, all but displacements act on the signal voxel by voxel, so a signal that takes the region's voxels from
    one in which every local latent is redrawn *is* the signal with that region's alone redrawn; the scan, which may
    mix voxels, comes after, with noise pasted the same way. A displacement that belongs to the region is redrawn for
    the whole signal, because it moves what lies around; all others stay what they were.
    """
    own = State(scene, parts.strengths(scene.subject, scene.stream))
    moves, seen = moving(parts, *own), signal(parts, *own)
    others = [redrawn(parts, scene, k) for k in range(draws)]
    noise = np.stack([state.scene.local.noise for state in others], axis=1)
    stay = np.stack([signal(parts, *state, moves) for state in others])
    found = []
    for number, name in enumerate(parts.names, start=1):
        if name in parts.displaced:
            around = np.stack([signal(parts, *own, moving(parts, *state)) for state in others])
            within = np.stack([signal(parts, *state) for state in others])
        else:
            around, within = seen, stay
        inside = scene.warped.labels == number
        pasted = np.where(inside, noise, scene.local.noise[:, None])
        found.append(scanned(parts, scene, np.where(inside, within, around), pasted))
    return torch.from_numpy(np.concatenate(found))[:, None]


def redrawn(parts: Parts, scene: Scene, draw: int) -> State:
    """The subject with all local latents redrawn, and strengths at the task's base rate."""
    rng = subject.streams(parts, f"{scene.stream}/redraw-{draw}", scene.subject)
    drawn = scene._replace(
        local=subject.local(parts, rng, scene.added), pathology=subject.pathology(parts, rng, scene.place)
    )
    donor = int(rng("label").integers(parts.labels.cycle))
    return State(drawn, parts.strengths(donor, scene.stream))
