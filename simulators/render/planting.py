"""Acts of pathologies on a subject: anatomy they displace, tissue they take, signal they change."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.functional import grid_sample

from bench.contracts import BadInput, Unsupported
from simulators.anatomy.protocol import Warped
from simulators.draw.scene import Scene
from simulators.parts import Part, Parts, Strengths
from simulators.pathology.protocol import Acts, ChangesSignal, Displaces
from simulators.space.voxels import Voxels


class Act(NamedTuple):
    """An act on one subject: the share (D, H, W) of each voxel that it takes, in [0, 1]."""

    law: Acts
    changing: ChangesSignal | None
    share: np.ndarray
    latents: Mapping[str, Any]


class Move(NamedTuple):
    """A displacement of one subject's anatomy: amount is amplitude x strength x severity."""

    law: Displaces
    amount: float
    latents: Mapping[str, Any]


class Taken(NamedTuple):
    """Shares after loss, of some voxels: tissues (4, n), lesion (n,) among it, and all that was lost (n,) float64.

    In double precision what one part takes is never rounded away beside another: it shows wherever tissues do.
    """

    tissues: np.ndarray
    lesion: np.ndarray
    lost: np.ndarray


def acts(parts: Parts, scene: Scene, strengths: Strengths) -> list[Act]:
    """The acts of the parts that are present and leave anatomy where it is."""
    planted = []
    for part, latents, strength in zip(parts.pathologies, scene.pathology, strengths, strict=True):
        if strength and part.acting:
            amount, drawn = _amount(part, latents, strength)
            share = np.clip(amount * part.acting.extent(scene.place, drawn), 0, 1)
            planted.append(Act(part.acting, part.changing, share, drawn))
    return planted


def moves(parts: Parts, scene: Scene, strengths: Strengths, regions: Mapping[str, Strengths]) -> list[Move]:
    """The displacements of the parts that are present; one that is not equally strong everywhere comes per strength.

    regions: strengths of all parts in the regions that have others than the rest.

    Raises:
        Unsupported: where a part cannot act in some of its regions alone.
    """
    displacements = []
    for number, part in enumerate(parts.pathologies):
        if part.moving:
            asked = {region: regions.get(region, strengths)[number] for region in part.regions}
            for strength in filter(None, dict.fromkeys(asked.values())):
                there = tuple(region for region in asked if asked[region] == strength)
                latents = scene.pathology[number]
                drawn = latents if len(there) == len(asked) else _confined(part, latents, there)
                displacements.append(Move(part.moving, *_amount(part, drawn, strength)))
    return displacements


def _amount(part: Part, latents: Mapping[str, Any], strength: float) -> tuple[float, Mapping[str, Any]]:
    """Amplitude x strength x severity, and the latents at that strength."""
    if part.amplitude is None:
        raise BadInput("simulator.amplitude is not set; calibrate the simulator first, or give an amplitude")
    if part.growing:
        latents, strength = part.growing.grown(latents, strength), 1.0
    return part.amplitude * strength * latents["severity"], latents


def _confined(part: Part, latents: Mapping[str, Any], regions: tuple[str, ...]) -> Mapping[str, Any]:
    if not part.dividing:
        raise Unsupported(f"{type(part.law).__name__} moves all of its regions at once and cannot act in some of them")
    return part.dividing.confined(latents, regions)


def compose(position: np.ndarray, displaced: np.ndarray, where: Voxels, voxel_mm: float) -> np.ndarray:
    """Positions (n, 3) read at some voxels plus their displacement (mm): anatomy moved with one interpolation.

    position, displaced: (D, H, W, 3). Coordinates are interpolated, images are not.
    """
    size = np.array(position.shape[:3], np.float32)
    moves = displaced.reshape(-1, 3)[where.at]
    unit = 2 * (where.points.T.astype(np.float32) + moves / np.float32(voxel_mm)) / (size - 1) - 1
    points = torch.from_numpy(np.ascontiguousarray(unit[:, ::-1])).view(1, -1, 1, 1, 3)
    field = torch.from_numpy(np.ascontiguousarray(np.moveaxis(position, -1, 0)))[None]
    moved = grid_sample(field, points, align_corners=True, padding_mode="border")
    return moved.view(3, -1).T.numpy()


def take(tissues: np.ndarray, acts: Sequence[Act], where: Voxels) -> Taken:
    """Tissue (4, n) of some voxels after one act and then the next, each from what is left."""
    tissues = tissues.copy()
    lesion, lost = np.zeros_like(tissues[0]), np.zeros(len(where.at))
    for law, _, share, _ in acts:
        channels = [channel for channel, tissue in enumerate(("gm", "wm")) if tissue in law.tissues]
        amount = where.of(share) * tissues[channels]
        tissues[channels] -= amount
        total = amount.sum(0)
        lost += total
        if law.becomes == "lesion":
            lesion += total
        elif law.becomes == "wm":
            tissues[1] += total
    return Taken(tissues, lesion, lost)


def replaced(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Share (n,) of each brain voxel that holds something else than before, negative where tissue came.

    before, after: maps (4, n). It is the largest change of any of them, so it is zero only where nothing changed.
    """
    share = np.abs(after - before).max(0)
    return np.where(before[2] > 0.5, np.where(after[:2].sum(0) > before[:2].sum(0), -share, share), 0)


def changes(signal: np.ndarray, acts: Sequence[Act], warped: Warped) -> list[np.ndarray]:
    """Signed changes (D, H, W) of a signal by the acts that change it."""
    return [a.changing.change(a.share, signal, warped, a.latents) for a in acts if a.changing]
