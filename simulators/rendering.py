"""From latents to signal: anatomy displaced, tissue taken, tissues mixed, signal changed."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators import planting
from simulators.anatomy.protocol import Warped
from simulators.covariates import shown
from simulators.pathology.protocol import Displaces
from simulators.planting import Act, Present, Taken, acts, changes, compose, present, replaced, take
from simulators.scene import Scene
from simulators.task.protocol import Strength
from simulators.voxels import Voxels

if TYPE_CHECKING:
    from simulators.brain import Brain


NOWHERE: Mapping[str, Strength] = MappingProxyType({})


def signal(brain: "Brain", scene: Scene, strength: Strength, moves: Sequence[Present] | None = None) -> np.ndarray:
    """What a perfect scanner would see (D, H, W) of a subject at a pathology strength.

    moves: what displaces its anatomy, if not what does at this strength.
    """
    head, _, signal, found = _planted(brain, scene, strength, moves)
    seen = head.spread(signal)
    for change in changes(seen, found, scene.warped):
        seen = seen + change
    return seen


def loss(brain: "Brain", scene: Scene, strength: Strength) -> np.ndarray:
    """What the pathology takes from each voxel (D, H, W) float64: share of tissue, or signal (negative where added)."""
    head, taken, signal, found = _planted(brain, scene, strength, None)
    lost = head.spread(taken.lost)
    for change in changes(head.spread(signal), found, scene.warped):
        lost = lost - change
    return lost


def moving(
    brain: "Brain", scene: Scene, strength: Strength, regions: Mapping[str, Strength] = NOWHERE
) -> list[Present]:
    """What displaces a subject's anatomy at a pathology strength, which may be another in some regions."""
    own = {region: brain.each(there) for region, there in regions.items()}
    return planting.moving(brain.parts, scene.pathology, brain.each(strength), brain.dial, own)


class _Planted(NamedTuple):
    """Voxels of the head, what was taken of them, the signal (n,) of what is left, and acts that may yet change it."""

    head: Voxels
    taken: Taken
    signal: np.ndarray
    acts: list[Act]


def _planted(brain: "Brain", scene: Scene, strength: Strength, moves: Sequence[Present] | None) -> _Planted:
    scene = shown(scene)
    parts = present(brain.parts, scene.pathology, brain.each(strength), brain.dial)
    place = brain.place(scene.warped)
    found, head = acts(parts, place), place.head
    warped = _displaced(brain, scene, moving(brain, scene, strength) if moves is None else moves)
    local = scene.local._replace(folding=head.of(scene.local.folding))
    labels = head.of(warped.labels)
    taken = take(brain.local.apply(head.of(warped.maps), labels, local), found, head)
    if warped is not scene.warped:
        healthy = brain.local.apply(head.of(scene.warped.maps), head.of(scene.warped.labels), local)
        taken = taken._replace(lost=replaced(healthy, taken.tissues))
    signal = brain.contrast.mix(taken.tissues, taken.lesion, scene.intensities)
    signal *= (1 + local.signal).take(labels)
    return _Planted(head, taken, signal, found)


def _displaced(brain: "Brain", scene: Scene, moves: Sequence[Present]) -> Warped:
    """The subject's anatomy after displacements, still one interpolation of the template.

    Each acts on what the ones before it left, so that together they stay invertible, which a sum of them need not.
    """
    warped, position = scene.warped, brain.position(scene) if moves else np.empty(0)
    for part, amount, latents in moves:
        if isinstance(part, Displaces):
            displaced = part.displacement(amount, brain.place(warped), latents)
            position = compose(position, displaced, brain.anatomy.resolution_mm)
            warped = brain.anatomy.resample(position, scene.shape)
    return warped
