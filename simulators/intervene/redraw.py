"""Interventions behind the truth `use`: one region's local latents redrawn from their marginal, all else kept."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import binary_dilation
from torch import Tensor

from simulators.draw import subject
from simulators.draw.latents import Latents
from simulators.draw.scene import Scene
from simulators.parts import Parts, Strengths
from simulators.pathology.protocol import Divides
from simulators.render.planting import Move
from simulators.render.signal import moving, scanned, signal

#: voxels around what a displacement reaches, as displacements before it may have carried its region
EDGE = 1


class State(NamedTuple):
    """One state of a subject: its latents, and the strength of each part of the pathology."""

    scene: Scene
    strengths: Strengths


class States:
    """The states of a subject by number, and what each looks like, worked out once for all regions."""

    def __init__(self, parts: Parts, scene: Scene) -> None:
        self.parts, self.scene = parts, scene
        self.state = State(scene, parts.strengths(scene.subject, scene.stream))
        self.moves = moving(parts, *self.state)
        self.seen = signal(parts, *self.state, self.moves)
        self._looks: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def images(self, number: int, draws: Sequence[int]) -> np.ndarray:
        """Images (K, D, H, W) with the region of this label redrawn.

        Given anatomy, all but displacements act on the signal voxel by voxel, so a signal that takes the region's
        voxels from one in which every local latent is redrawn *is* the signal with that region's alone redrawn; the
        scan, which may mix voxels, comes after, with noise pasted the same way. A displacement that belongs to the
        region is redrawn for all that it reaches, because it moves what lies around; those of other regions stay what
        they were.
        """
        parts, scene = self.parts, self.scene
        if parts.names[number - 1] in parts.displaced:
            others = [redrawn(parts, scene, k) for k in draws]
            region, theirs = parts.names[number - 1], [moving(parts, *state) for state in others]
            moves = [in_place_of(self.moves, other, region) for other in theirs]
            near = np.stack([reached(self.moves, other, region, scene) for other in theirs])
            around = np.where(near, np.stack([signal(parts, *self.state, moved) for moved in moves]), self.seen)
            within = np.stack([signal(parts, *state, moved) for state, moved in zip(others, moves, strict=True)])
            noise = np.stack([state.scene.local.noise for state in others], axis=1)
        else:
            around = self.seen
            within = np.stack([self._state(k)[0] for k in draws])
            noise = np.stack([self._state(k)[1] for k in draws], axis=1)
        inside = scene.warped.labels == number
        pasted = np.where(inside, noise, scene.local.noise[:, None])
        return scanned(parts, scene, np.where(inside, within, around), pasted)

    def _state(self, draw: int) -> tuple[np.ndarray, np.ndarray]:
        """Signal and noise of the subject with every local latent redrawn and anatomy where it was."""
        if draw not in self._looks:
            state = redrawn(self.parts, self.scene, draw)
            self._looks[draw] = signal(self.parts, *state, self.moves), state.scene.local.noise
        return self._looks[draw]


def in_place_of(moves: Sequence[Move], others: Sequence[Move], region: str) -> list[Move]:
    """Displacements of a subject, that of a region being another state's.

    The other regions of the same part keep their own, unless it moves all of its regions at once.
    """
    kept = (_split(move, region)[0] for move in moves)
    put = (_split(move, region)[1] for move in others)
    return [move for move in (*kept, *put) if move]


def reached(moves: Sequence[Move], others: Sequence[Move], region: str, scene: Scene) -> np.ndarray:
    """Voxels (D, H, W) bool that a region's displacement moves in either state.

    Elsewhere anatomy is what it was: the displacement of the other regions alone, worked out anew, would differ a
    little wherever regions share what they take or give.
    """
    alone = (_split(move, region)[1] for move in (*moves, *others))
    fields = (move.law.displacement(move.amount, scene.place, move.latents) for move in alone if move)
    moved = np.any([(field != 0).any(-1) for field in fields], axis=0)
    # what moves first carries the region with it, by less than a voxel or two
    return np.asarray(binary_dilation(np.broadcast_to(moved, scene.warped.labels.shape), iterations=EDGE))


def _split(move: Move, region: str) -> tuple[Move | None, Move | None]:
    """A displacement of all regions but one, and of that one alone; None where there is none."""
    law, latents = move.law, move.latents
    if region not in law.regions:
        return move, None
    rest = tuple(name for name in law.regions if name != region)
    if not rest or not isinstance(law, Divides):
        return None, move
    return move._replace(latents=law.confined(latents, rest)), move._replace(latents=law.confined(latents, (region,)))


def redraws(parts: Parts, scene: Scene, draws: int) -> Tensor:
    """The subject with one region redrawn after the other: (R * draws, 1, D, H, W), draws of a region adjacent.

    Local latents are pathology (at the base rate of the task), regional volume and signal, folding and noise.
    """
    return images_of_draws(parts, scene, [range(draws)] * len(parts.names))


def images_of_draws(parts: Parts, scene: Scene, draws: Sequence[Sequence[int]]) -> Tensor:
    """The subject with each region redrawn in these of its draws, as many of every region: (R * K, 1, D, H, W)."""
    states = States(parts, scene)
    images = [states.images(number, some) for number, some in enumerate(draws, start=1)]
    return torch.from_numpy(np.concatenate(images))[:, None]


def redrawn(parts: Parts, scene: Scene, draw: int) -> State:
    """The subject with all local latents redrawn, and strengths at the task's base rate."""
    rng = subject.streams(parts, f"{scene.stream}/redraw-{draw}", scene.subject)
    latents, strengths = disease(parts, scene, draw)
    drawn = scene._replace(local=subject.local(parts, rng, scene.added), pathology=latents)
    return State(drawn, strengths)


def disease(parts: Parts, scene: Scene, draw: int) -> tuple[tuple[Latents, ...], Strengths]:
    """The pathology alone of a draw, which is drawn quickly: latents by part, and strengths."""
    rng = subject.streams(parts, f"{scene.stream}/redraw-{draw}", scene.subject)
    donor = int(rng("label").integers(parts.labels.cycle))
    return subject.pathology(parts, rng, scene.place), parts.strengths(donor, scene.stream)
