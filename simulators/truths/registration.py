"""Maps of one subject laid on another: simulated subjects are deformations of one template, and each is known."""

import numpy as np
import torch
from torch import Tensor

from simulators.draw.scene import Scene
from simulators.draw.subject import position
from simulators.parts import Parts
from simulators.space.correspondence import places, resampled


def source_voxels(parts: Parts, donor: Scene, recipient: Scene | None) -> np.ndarray:
    """(3, D, H, W) float32: the place in the donor's scan, in voxels, of what each voxel of the recipient shows.

    From the recipient's voxel (the template's, if None) to the template and from there, by the inverse of the donor's
    deformation, to the place in the donor's scan.
    """
    points = parts.anatomy.template.points if recipient is None else position(parts, recipient)
    return places(points, position(parts, donor)).astype(np.float32)


def laid(volume: Tensor, voxels: np.ndarray) -> Tensor:
    """The donor's volume (1, D, H, W) as the recipient's anatomy shows it, float32.

    One linear interpolation, and none where donor and recipient are one. The anatomy is the healthy one, which region
    labels belong to; scans of different heads correspond as far as they are registered.
    """
    return torch.from_numpy(resampled(volume.cpu().numpy(), voxels, order=1)).to(volume.device)
