"""Interventions behind the truth `use`: one region's local latents redrawn from their marginal, all else kept."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simulators.draw import subject
from simulators.draw.latents import Latents
from simulators.draw.scene import Scene
from simulators.parts import Parts, Strengths
from simulators.pathology.protocol import Divides
from simulators.render.planting import Move
from simulators.render.signal import moving, scanned, signal


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
        region is redrawn for the whole signal, because it moves what lies around; those of other regions stay what they
        were.
        """
        parts, scene = self.parts, self.scene
        if parts.names[number - 1] in parts.displaced:
            others = [redrawn(parts, scene, k) for k in draws]
            moves = [in_place_of(self.moves, moving(parts, *state), parts.names[number - 1]) for state in others]
            around = np.stack([signal(parts, *self.state, moved) for moved in moves])
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

    A part that can act in single regions turns this one, as it lies, into what it is in the other state: anatomy out of
    its reach, and that of two equal states, is what it was. A part that cannot is put in place whole.
    """
    kept = [move for move in moves if not _whole(move, region)]
    put = [move for move in others if _whole(move, region)]
    laws = dict.fromkeys(m.law for m in (*moves, *others) if isinstance(m.law, Divides) and region in m.law.regions)
    turns = ((law, law.turn(_of(law, moves), _of(law, others), region)) for law in laws)
    return [*kept, *put, *(Move(law, 0.0, latents) for law, latents in turns if latents)]


def _whole(move: Move, region: str) -> bool:
    return region in move.law.regions and not isinstance(move.law, Divides)


def _of(law: Divides, moves: Sequence[Move]) -> list[tuple[float, Mapping[str, Any]]]:
    return [(move.amount, move.latents) for move in moves if move.law == law]


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
