"""Off-target change: the share of what moving anatomy changes that does not belong to the regions that were meant.

A region that shrinks shows little inside: what changes is its interface, and beyond it what moved in to fill the room.
"""

import numpy as np
from scipy.ndimage import binary_dilation

from simulators.draw.scene import Scene
from simulators.parts import Parts, Strengths
from simulators.render.signal import image

#: voxels around a region that are its interface: as far as tissue of the region shares a voxel after one interpolation,
#: and as the reference observer of volume and shell looks
INTERFACE = 2


def confined(parts: Parts) -> bool:
    """True where the edit of a label is less than the counterfactual, because anatomy moves beyond what is edited."""
    return bool(parts.displaced) and parts.labels.kind == "classes"


def near(parts: Parts, scene: Scene, one: Strengths, other: Strengths) -> np.ndarray:
    """Voxels (D, H, W) bool of the parts by which two states of a subject differ.

    That is where they act, and of parts that move anatomy the regions and their interface.
    """
    inside = np.zeros(parts.shape, bool)
    for part, latents, *strengths in zip(parts.pathologies, scene.pathology, one, other, strict=True):
        if strengths[0] == strengths[1]:
            continue
        if part.acting:
            inside |= part.acting.extent(scene.place, latents) > 0
        else:
            inside |= binary_dilation(scene.place.within(part.regions), iterations=INTERFACE)
    return inside


def off_target_change(parts: Parts, scene: Scene) -> float:
    """Share of the image's absolute change by the pathology that lies outside `near`; 0 where nothing changes."""
    states = [parts.strengths(scene.subject, scene.stream, {"pathology": to}) for to in ("on", "off")]
    on, off = (image(parts, scene, state) for state in states)
    change = np.abs(on - off)
    return float(change[~near(parts, scene, *states)].sum() / max(change.sum(), 1e-12))
