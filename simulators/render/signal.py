"""From latents to signal: anatomy displaced, tissue taken, tissues mixed, signal changed."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.covariates import shown
from simulators.draw.scene import Scene
from simulators.pathology.protocol import Displaces
from simulators.render import planting
from simulators.render.planting import Act, Present, Taken, acts, changes, compose, present, replaced, take
from simulators.space.voxels import Voxels
from simulators.task.protocol import Strength

if TYPE_CHECKING:
    from simulators.brain import Brain


NOWHERE: Mapping[str, Strength] = MappingProxyType({})


def signal(brain: "Brain", scene: Scene, strength: Strength, moves: Sequence[Present] | None = None) -> np.ndarray:
    """What a perfect scanner would see (D, H, W) of a subject at a pathology strength.

    moves: what displaces its anatomy, if not what does at this strength.
    """
    head, _, signal, found, _ = _planted(brain, scene, strength, moves)
    seen = head.spread(signal)
    for change in changes(seen, found, scene.warped):
        seen = seen + change
    return seen


def loss(brain: "Brain", scene: Scene, strength: Strength) -> np.ndarray:
    """What the pathology takes from each voxel (D, H, W) float64: share of tissue, or signal (negative where added)."""
    head, taken, signal, found, displaced = _planted(brain, scene, strength, None)
    lost = head.spread(replaced(_healthy(brain, scene, head), taken.tissues) if displaced else taken.lost)
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
    """Voxels of the head, what was taken of them, the signal (n,) of what is left, and acts that may yet change it.

    displaced: whether anatomy was.
    """

    head: Voxels
    taken: Taken
    signal: np.ndarray
    acts: list[Act]
    displaced: bool


def _planted(brain: "Brain", scene: Scene, strength: Strength, moves: Sequence[Present] | None) -> _Planted:
    scene = shown(scene)
    parts = present(brain.parts, scene.pathology, brain.each(strength), brain.dial)
    place = brain.place(scene.warped)
    found, head = acts(parts, place), place.head
    moves = moving(brain, scene, strength) if moves is None else moves
    warped = _displaced(brain, scene, moves)
    taken = take(_tissues(brain, scene, warped, head), found, head)
    signal = brain.contrast.mix(taken.tissues, taken.lesion, scene.intensities)
    signal *= (1 + scene.local.signal).take(head.of(warped.labels))
    return _Planted(head, taken, signal, found, bool(moves))


def _healthy(brain: "Brain", scene: Scene, head: Voxels) -> np.ndarray:
    return _tissues(brain, shown(scene), scene.warped, head)


def _tissues(brain: "Brain", scene: Scene, warped: Warped, head: Voxels) -> np.ndarray:
    """Shares (4, n) of an anatomy with a subject's local latents, before any is taken."""
    local = scene.local._replace(folding=head.of(scene.local.folding))
    return brain.local.apply(head.of(warped.maps), head.of(warped.labels), local)


def _displaced(brain: "Brain", scene: Scene, moves: Sequence[Present]) -> Warped:
    """The subject's anatomy after displacements, still one interpolation of the template.

    Each acts on what the ones before it left, so that together they stay invertible, which a sum of them need not.
    Where nothing moves, anatomy is what it was.
    """
    warped, position = scene.warped, brain.position(scene) if moves else np.empty(0)
    for part, amount, latents in moves:
        if isinstance(part, Displaces):
            displaced = part.displacement(amount, brain.place(warped), latents)
            where = Voxels.where((displaced != 0).any(-1))
            there = compose(position, displaced, where, brain.anatomy.resolution_mm)
            warped = _moved(warped, brain.anatomy.resample(there[:, None, None], scene.shape), where)
            position = position.copy()
            position.reshape(-1, 3)[where.at] = there
    return warped


def _moved(warped: Warped, found: Warped, where: Voxels) -> Warped:
    """An anatomy with some of its voxels as they were found elsewhere."""
    maps, labels = warped.maps.copy(), warped.labels.copy()
    for old, new in zip((*maps, labels), (*found.maps, found.labels), strict=True):
        old.ravel()[where.at] = new.ravel()
    return Warped(maps, labels)
