"""Maps of one subject laid on another: simulated subjects are deformations of one template, and each is known."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from simulators.space.correspondence import places, shown

if TYPE_CHECKING:
    from simulators.brain import Brain


def carry(brain: "Brain", volume: Tensor, donor: int, recipient: int | None, stream: str) -> Tensor:
    """The donor's volume (1, D, H, W) as the recipient's anatomy, or the template, shows it, float32.

    From the recipient's voxel to the template and from there, by the inverse of the donor's deformation, to the place
    in the donor's scan: one linear interpolation, and none where donor and recipient are one. The anatomy is the
    healthy one, which region labels belong to; scans of different heads correspond as far as they are registered.
    """
    found = shown(volume.cpu().numpy(), _places(brain, donor, recipient, stream), order=1)
    return torch.from_numpy(found).to(volume.device)


# every method's maps are laid on the same subjects, from the same donors
@lru_cache(maxsize=64)
def _places(brain: "Brain", donor: int, recipient: int | None, stream: str) -> np.ndarray:
    other = brain.position(brain.scene(donor, stream))
    own = brain.anatomy.template.points if recipient is None else brain.position(brain.scene(recipient, stream))
    return places(own, other, brain.anatomy.resolution_mm).astype(np.float32)
