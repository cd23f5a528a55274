"""From latents to signal: anatomy displaced, tissue taken, tissues mixed, signal changed."""

from typing import TYPE_CHECKING

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.covariates import shown
from simulators.planting import Act, Taken, acts, changes, compose, displacement, present, replaced, take
from simulators.scene import Scene
from simulators.task.protocol import Strength

if TYPE_CHECKING:
    from simulators.brain import Brain


def signal(brain: "Brain", scene: Scene, strength: Strength) -> np.ndarray:
    """What a perfect scanner would see (D, H, W) of a subject at a pathology strength."""
    _, seen, found = _planted(brain, scene, strength)
    for change in changes(seen, found, scene.warped):
        seen = seen + change
    return seen


def loss(brain: "Brain", scene: Scene, strength: Strength) -> np.ndarray:
    """What the pathology takes from each voxel (D, H, W): share of tissue, or signal (negative where it adds)."""
    taken, seen, found = _planted(brain, scene, strength)
    lost = taken.lost
    for change in changes(seen, found, scene.warped):
        lost = lost - change
    return lost


def _planted(brain: "Brain", scene: Scene, strength: Strength) -> tuple[Taken, np.ndarray, list[Act]]:
    """What was taken, the signal (D, H, W) of what is left, and the acts, some of which change that signal."""
    scene = shown(scene)
    parts = present(brain.parts, scene.pathology, brain.each(strength), brain.dial)
    place = brain.place(scene.warped)
    found = acts(parts, place)
    warped = _displaced(brain, scene, displacement(parts, place))
    taken = take(brain.local.apply(warped.maps, warped.labels, scene.local), found)
    if warped is not scene.warped:
        healthy = brain.local.apply(scene.warped.maps, scene.warped.labels, scene.local)
        taken = taken._replace(lost=replaced(healthy, taken.tissues))
    seen = brain.contrast.mix(taken.tissues, taken.lesion, scene.intensities)
    seen *= 1 + scene.local.signal[warped.labels]
    return taken, seen, found


def _displaced(brain: "Brain", scene: Scene, moves: np.ndarray | None) -> Warped:
    """The subject's anatomy after a displacement (D, H, W, 3) in mm: still one interpolation of the template."""
    if moves is None:
        return scene.warped
    position = compose(brain.position(scene), moves, brain.anatomy.resolution_mm)
    return brain.anatomy.resample(position, scene.shape)
