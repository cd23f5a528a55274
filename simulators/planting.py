"""What pathologies do to a subject: tissue they take, signal they change."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from simulators.anatomy.mni152 import Warped
from simulators.pathology.protocol import ChangesSignal, Pathology
from simulators.pathology.several import Several


class Act(NamedTuple):
    """One part's act on one subject: the share (D, H, W) of each voxel it acts on, in [0, 1]."""

    part: Pathology
    share: np.ndarray
    latents: dict[str, Any]


class Taken(NamedTuple):
    """Shares after loss: tissues (4, D, H, W), lesion (D, H, W) among it, and all that was lost (D, H, W)."""

    tissues: np.ndarray
    lesion: np.ndarray
    lost: np.ndarray


def acts(
    several: Several,
    latents: Sequence[dict[str, Any]],
    strengths: Sequence[float],
    dial: Callable[[], float],
    warped: Warped,
    names: tuple[str, ...],
    voxel_mm: float,
) -> list[Act]:
    """The acts of the parts that are present; `dial` is asked for its amplitude only where one of them needs it."""
    found = []
    for part, own, drawn, strength in zip(several.parts, several.amplitudes, latents, strengths, strict=True):
        if strength:
            amplitude = dial() if own is None else own
            extent = part.extent(warped, drawn, names, voxel_mm)
            found.append(Act(part, np.clip(amplitude * strength * drawn["severity"] * extent, 0, 1), drawn))
    return found


def take(tissues: np.ndarray, acts: Sequence[Act]) -> Taken:
    """Take tissue one part after the other, each from what is left."""
    tissues = tissues.copy()
    lesion, lost = np.zeros_like(tissues[0]), np.zeros_like(tissues[0])
    for part, share, _ in acts:
        amount = np.zeros_like(tissues[:2])
        for channel, tissue in enumerate(("gm", "wm")):
            if tissue in part.tissues:
                amount[channel] = share * tissues[channel]
        tissues[:2] -= amount
        lost += amount.sum(0)
        if part.becomes == "lesion":
            lesion += amount.sum(0)
    return Taken(tissues, lesion, lost)


def changes(signal: np.ndarray, acts: Sequence[Act], warped: Warped) -> list[np.ndarray]:
    """Signed changes (D, H, W) of a signal by the parts that change it."""
    return [a.part.change(a.share, signal, warped, a.latents) for a in acts if isinstance(a.part, ChangesSignal)]
