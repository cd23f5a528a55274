"""From latents to signal: anatomy displaced, tissue taken, tissues mixed, signal changed."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.covariates import shown
from simulators.planting import Act, Taken, acts, changes, compose, displacement, present, replaced, take
from simulators.scene import Scene
from simulators.task.protocol import Strength
from simulators.voxels import Voxels

if TYPE_CHECKING:
    from simulators.brain import Brain


def signal(brain: "Brain", scene: Scene, strength: Strength) -> np.ndarray:
    """What a perfect scanner would see (D, H, W) of a subject at a pathology strength."""
    head, _, signal, found, _ = _planted(brain, scene, strength)
    seen = head.spread(signal)
    for change in changes(seen, found, scene.warped):
        seen = seen + change
    return seen


def loss(brain: "Brain", scene: Scene, strength: Strength) -> np.ndarray:
    """What the pathology takes from each voxel (D, H, W) float64: share of tissue, or signal (negative where added)."""
    head, taken, signal, found, displaced = _planted(brain, scene, strength)
    lost = head.spread(replaced(_healthy(brain, scene, head), taken.tissues) if displaced else taken.lost)
    for change in changes(head.spread(signal), found, scene.warped):
        lost = lost - change
    return lost


class _Planted(NamedTuple):
    """Voxels of the head, what was taken of them, the signal (n,) of what is left, and acts that may yet change it.

    displaced: whether anatomy was.
    """

    head: Voxels
    taken: Taken
    signal: np.ndarray
    acts: list[Act]
    displaced: bool


def _planted(brain: "Brain", scene: Scene, strength: Strength) -> _Planted:
    scene = shown(scene)
    parts = present(brain.parts, scene.pathology, brain.each(strength), brain.dial)
    place = brain.place(scene.warped)
    found, head = acts(parts, place), place.head
    moves = displacement(parts, place)
    warped = scene.warped if moves is None else _displaced(brain, scene, moves)
    taken = take(_tissues(brain, scene, warped, head), found, head)
    signal = brain.contrast.mix(taken.tissues, taken.lesion, scene.intensities)
    signal *= (1 + scene.local.signal).take(head.of(warped.labels))
    return _Planted(head, taken, signal, found, moves is not None)


def _healthy(brain: "Brain", scene: Scene, head: Voxels) -> np.ndarray:
    return _tissues(brain, shown(scene), scene.warped, head)


def _tissues(brain: "Brain", scene: Scene, warped: Warped, head: Voxels) -> np.ndarray:
    """Shares (4, n) of an anatomy with a subject's local latents, before any is taken."""
    local = scene.local._replace(folding=head.of(scene.local.folding))
    return brain.local.apply(head.of(warped.maps), head.of(warped.labels), local)


def _displaced(brain: "Brain", scene: Scene, moves: np.ndarray) -> Warped:
    """The subject's anatomy after a displacement (D, H, W, 3) in mm: still one interpolation of the template.

    Where nothing moves, it is what it was.
    """
    where = Voxels.where((moves != 0).any(-1))
    position = compose(brain.position(scene), moves, where, brain.anatomy.resolution_mm)
    maps, labels = brain.anatomy.resample(position[:, None, None], scene.shape)
    found = scene.warped.maps.copy(), scene.warped.labels.copy()
    for old, new in zip((*found[0], found[1]), (*maps, labels), strict=True):
        old.ravel()[where.at] = new.ravel()
    return Warped(*found)
