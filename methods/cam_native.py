"""CAMs that were made for volumes, and not carried over from pictures."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from scipy.ndimage import zoom
from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target
from methods._shared.features import LAST
from methods.cam import cam_tags, gradient_cam, summed
from methods.cam_linear import averaged_cam

_SPACE = (2, 3, 4)


@dataclass(frozen=True)
class RespondCAM:
    """Respond-CAM: feature maps weighted by their gradients where they respond.

    Before upsampling it sums to what HiResCAM sums to, the score without its bias where all that follows is linear or
    max pooling. A feature map that sums to zero has no weight; one of either sign, which nearly does, has a huge one.
    """

    layer: str = LAST

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Zhao et al. 2018, Respond-CAM: analyzing deep models for 3D imaging data, MICCAI"
    summary: ClassVar[str] = (
        "Feature maps A of a layer, weighted by sum(A * gradient) / sum(A) over space, upsampled; the sign is kept."
    )
    tags: ClassVar[MethodTags] = cam_tags("scale", "sign")
    note: ClassVar[str] = "sums to the score as HiResCAM does; weights explode where a feature map sums to nearly zero"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported where the network has no such feature maps."""

        def combine(features: Tensor, slope: Tensor) -> Tensor:
            total = features.sum(_SPACE, keepdim=True)
            response = (slope * features).sum(_SPACE, keepdim=True)
            return summed(response / total.where(total != 0, torch.inf) * features)

        return gradient_cam(model, inputs, target, self.layer, context, combine)


@dataclass(frozen=True)
class SaliencyTubes:
    """Saliency Tubes: CAM, upsampled by cubic splines and brought to 0..1 in each image.

    The least value of an image is 0, whatever it was, so that evidence against cannot be told from none.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Stergiou et al. 2019, Saliency Tubes, ICIP, arXiv:1902.01078"
    summary: ClassVar[str] = (
        "The averaged feature maps, weighted as the linear readout weights them, by cubic splines, in 0..1 an image."
    )
    tags: ClassVar[MethodTags] = cam_tags(signed=False, cost="2 * (forward + backward)")
    note: ClassVar[str] = "CAM less its sign and scale, smoother; refused where CAM is"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in 0..1. Raises Unsupported for every network that CAM is not defined for."""
        return averaged_cam(model, inputs, target, context, lambda coarse: _unit(_splined(coarse, inputs)))


def _splined(coarse: Tensor, inputs: Tensor) -> Tensor:
    """Maps (n, 1, d, h, w) on the grid of the inputs, by cubic splines through the outermost voxels."""
    factors = [1, 1, *(fine / few for fine, few in zip(inputs.shape[2:], coarse.shape[2:], strict=True))]
    return torch.from_numpy(zoom(coarse.cpu().numpy(), factors, order=3)).to(inputs)


def _unit(maps: Tensor) -> Tensor:
    low, high = maps.amin((1, 2, 3, 4), keepdim=True), maps.amax((1, 2, 3, 4), keepdim=True)
    return (maps - low) / (high - low).where(high > low, torch.inf)
