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
    head, _, signal, found = _planted(brain, scene, strength)
    seen = head.spread(signal)
    for change in changes(seen, found, scene.warped):
        seen = seen + change
    return seen


def loss(brain: "Brain", scene: Scene, strength: Strength) -> np.ndarray:
    """What the pathology takes from each voxel (D, H, W) float64: share of tissue, or signal (negative where added)."""
    head, taken, signal, found = _planted(brain, scene, strength)
    lost = head.spread(taken.lost)
    for change in changes(head.spread(signal), found, scene.warped):
        lost = lost - change
    return lost


class _Planted(NamedTuple):
    """Voxels of the head, what was taken of them, the signal (n,) of what is left, and acts that may yet change it."""

    head: Voxels
    taken: Taken
    signal: np.ndarray
    acts: list[Act]


def _planted(brain: "Brain", scene: Scene, strength: Strength) -> _Planted:
    scene = shown(scene)
    parts = present(brain.parts, scene.pathology, brain.each(strength), brain.dial)
    place = brain.place(scene.warped)
    found, head = acts(parts, place), place.head
    warped = _displaced(brain, scene, displacement(parts, place))
    local = scene.local._replace(folding=head.of(scene.local.folding))
    labels = head.of(warped.labels)
    taken = take(brain.local.apply(head.of(warped.maps), labels, local), found, head)
    if warped is not scene.warped:
        healthy = brain.local.apply(head.of(scene.warped.maps), head.of(scene.warped.labels), local)
        taken = taken._replace(lost=replaced(healthy, taken.tissues))
    signal = brain.contrast.mix(taken.tissues, taken.lesion, scene.intensities)
    signal *= (1 + local.signal).take(labels)
    return _Planted(head, taken, signal, found)


def _displaced(brain: "Brain", scene: Scene, moves: np.ndarray | None) -> Warped:
    """The subject's anatomy after a displacement (D, H, W, 3) in mm: still one interpolation of the template."""
    if moves is None:
        return scene.warped
    position = compose(brain.position(scene), moves, brain.anatomy.resolution_mm)
    return brain.anatomy.resample(position, scene.shape)
