"""Where anatomy that moves belongs to the regions that were meant, and how much of the change does not.

A region that shrinks shows little inside: what changes is its interface, and beyond it what moved in to fill the room.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation

from simulators.draw.scene import Scene
from simulators.pathology.protocol import Displaces

if TYPE_CHECKING:
    from simulators.brain import Brain

#: voxels around a region that are its interface: as far as tissue of the region shares a voxel after one interpolation,
#: and as the reference observer of volume and shell looks
INTERFACE = 2


def confined(brain: "Brain") -> bool:
    """Whether the edit of a label is less than the counterfactual, because anatomy moves beyond what is edited."""
    return bool(brain.displaced) and brain.kind == "classes"


def near(brain: "Brain", scene: Scene) -> np.ndarray:
    """Voxels (D, H, W) bool of the pathology's own: where it acts, of what moves the regions and their interface."""
    place = brain.place(scene.warped)
    found = np.zeros(brain.shape, bool)
    for part, latents in zip(brain.parts.parts, scene.pathology, strict=True):
        if isinstance(part, Displaces):
            found |= binary_dilation(place.within(part.regions), iterations=INTERFACE)
        else:
            found |= part.extent(place, latents) > 0
    return found


def spill(brain: "Brain", scene: Scene) -> float:
    """Share of the image's absolute change by the pathology that lies outside `near`; 0 where nothing changes."""
    on, off = (brain.render(scene, brain.state(scene, {"pathology": to})) for to in ("on", "off"))
    change = np.abs(on - off)
    return float(change[~near(brain, scene)].sum() / max(change.sum(), 1e-12))
