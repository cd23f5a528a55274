"""What pathologies do to a subject: anatomy they displace, tissue they take, signal they change."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.functional import grid_sample

from bench.contracts import Unsupported
from simulators.anatomy.mni152 import Warped
from simulators.pathology.protocol import ChangesSignal, Displaces, Divides, Grows, Pathology
from simulators.pathology.several import Several
from simulators.space.place import Place
from simulators.space.voxels import Voxels


class Present(NamedTuple):
    """A part that a subject carries: amount is amplitude x strength x severity."""

    part: Pathology | Displaces
    amount: float
    latents: Mapping[str, Any]


class Act(NamedTuple):
    """One part's act on one subject: the share (D, H, W) of each voxel it acts on, in [0, 1]."""

    part: Pathology
    share: np.ndarray
    latents: Mapping[str, Any]


class Taken(NamedTuple):
    """Shares after loss, of some voxels: tissues (4, n), lesion (n,) among it, and all that was lost (n,) float64.

    In double precision what one part takes is never rounded away beside another: it shows wherever tissues do.
    """

    tissues: np.ndarray
    lesion: np.ndarray
    lost: np.ndarray


def present(
    several: Several, latents: Sequence[Mapping[str, Any]], strengths: Sequence[float], dial: Callable[[], float]
) -> list[Present]:
    """The parts that are present; `dial` is asked for its amplitude only where one of them needs it."""
    carried = zip(several.parts, several.amplitudes, latents, strengths, strict=True)
    return [_present(part, own, drawn, strength, dial) for part, own, drawn, strength in carried if strength]


def moving(
    several: Several,
    latents: Sequence[Mapping[str, Any]],
    strengths: Sequence[float],
    dial: Callable[[], float],
    regions: Mapping[str, Sequence[float]],
) -> list[Present]:
    """The displacing parts that are present; one that is not equally strong everywhere comes once a strength.

    regions: strengths of all parts in the regions that have others than the rest.

    Raises:
        Unsupported: where a part cannot act in some of its regions alone.
    """
    found = []
    for number, (part, own) in enumerate(zip(several.parts, several.amplitudes, strict=True)):
        if isinstance(part, Displaces):
            asked = {region: regions.get(region, strengths)[number] for region in part.regions}
            for strength in filter(None, dict.fromkeys(asked.values())):
                there = tuple(region for region in asked if asked[region] == strength)
                drawn = latents[number] if len(there) == len(asked) else _confined(part, latents[number], there)
                found.append(_present(part, own, drawn, strength, dial))
    return found


def _present(
    part: Pathology | Displaces,
    own: float | None,
    drawn: Mapping[str, Any],
    strength: float,
    dial: Callable[[], float],
) -> Present:
    amplitude = dial() if own is None else own
    if isinstance(part, Grows):
        drawn, strength = part.grown(drawn, strength), 1.0
    return Present(part, amplitude * strength * drawn["severity"], drawn)


def _confined(part: Displaces, latents: Mapping[str, Any], regions: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(part, Divides):
        raise Unsupported(f"{type(part).__name__} moves all of its regions at once and cannot act in some of them")
    return part.confined(latents, regions)


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


def acts(parts: Sequence[Present], place: Place) -> list[Act]:
    """The acts of the parts that leave anatomy where it is."""
    found = []
    for part, amount, latents in parts:
        if not isinstance(part, Displaces):
            found.append(Act(part, np.clip(amount * part.extent(place, latents), 0, 1), latents))
    return found


def take(tissues: np.ndarray, acts: Sequence[Act], where: Voxels) -> Taken:
    """Take tissue (4, n) of some voxels one part after the other, each from what is left."""
    tissues = tissues.copy()
    lesion, lost = np.zeros_like(tissues[0]), np.zeros(len(where.at))
    for part, share, _ in acts:
        channels = [channel for channel, tissue in enumerate(("gm", "wm")) if tissue in part.tissues]
        amount = where.of(share) * tissues[channels]
        tissues[channels] -= amount
        total = amount.sum(0)
        lost += total
        if part.becomes == "lesion":
            lesion += total
        elif part.becomes == "wm":
            tissues[1] += total
    return Taken(tissues, lesion, lost)


def replaced(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Share (n,) of each brain voxel that holds something else than before, negative where tissue came.

    before, after: maps (4, n). It is the largest change of any of them, so it is zero only where nothing changed.
    """
    share = np.abs(after - before).max(0)
    return np.where(before[2] > 0.5, np.where(after[:2].sum(0) > before[:2].sum(0), -share, share), 0)


def changes(signal: np.ndarray, acts: Sequence[Act], warped: Warped) -> list[np.ndarray]:
    """Signed changes (D, H, W) of a signal by the parts that change it."""
    return [a.part.change(a.share, signal, warped, a.latents) for a in acts if isinstance(a.part, ChangesSignal)]
