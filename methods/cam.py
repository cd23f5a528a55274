"""Class activation mapping by gradients: where the last feature maps speak for the score.

layer: a module's name, or `last_conv`: the last volume that feeds the readout, a convolution's with more than one voxel
or what follows it on its grid: normalisation, activation, residual sum, concatenation, the product with a gate. A gate
itself, which only weighs, is never taken. `finer` is the last such volume on a finer grid, `last_conv` where there is
none. `context.notes` names the layer. Upsampling is trilinear with voxel centres aligned (align_corners False).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target
from bench.passes import derivative, differentiable, in_chunks, leaf, rows_of
from methods._shared.features import LAST, passed, upsampled

_SPACE = (2, 3, 4)


def cam_tags(*laws: str, signed: bool = True, cost: str = "forward + backward") -> MethodTags:
    """The tags of a class activation map that weighs the feature maps of one layer."""
    return MethodTags(
        "cam",
        "location",
        signed=signed,
        needs=frozenset({"layer"}),
        laws=frozenset({"shift", "implementation", *laws}),
        cost=cost,
    )


@dataclass(frozen=True)
class GradCAM:
    """Grad-CAM: feature maps weighted by their mean gradients.

    relu: keep the positive part, as in the paper; the default keeps the sign, so that the map of -f is minus the map
    of f.
    """

    layer: str = LAST
    relu: bool = False

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = (
        "Selvaraju et al. 2017, Grad-CAM: visual explanations via gradient-based localization, ICCV"
    )
    summary: ClassVar[str] = (
        "Feature maps of a layer, weighted by the mean gradient of the score with respect to each, upsampled."
    )
    tags: ClassVar[MethodTags] = cam_tags("scale")
    note: ClassVar[str] = "as coarse as the last feature maps; the sign is kept unless `relu: true`"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported where the network has no such feature maps."""

        def combine(features: Tensor, slope: Tensor) -> Tensor:
            coarse = summed(slope.mean(_SPACE, keepdim=True) * features)
            return coarse.clamp(min=0) if self.relu else coarse

        return gradient_cam(model, inputs, target, self.layer, context, combine)


@dataclass(frozen=True)
class GradCAMPlusPlus:
    """Grad-CAM++: feature maps weighted by their positive gradients.

    g is the gradient with respect to a feature map A. The paper explains exp(score), which multiplies the whole map of
    an image by one positive number, and overflows; it is left out. Where the denominator is 0, so is alpha.
    """

    layer: str = LAST

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Chattopadhay et al. 2018, Grad-CAM++, WACV, eq. 19"
    summary: ClassVar[str] = (
        "Grad-CAM with weights sum(alpha * max(g, 0)), alpha = g^2 / (2 g^2 + sum(A) g^3); only the positive "
        "part is kept."
    )
    tags: ClassVar[MethodTags] = cam_tags(signed=False)
    note: ClassVar[str] = "its weights are not linear in the score: 3 f does not give 3 times the map"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative. Raises Unsupported where the network has no such feature maps."""

        def combine(features: Tensor, slope: Tensor) -> Tensor:
            # divided through by g^2, which would underflow; a zero gradient has no part in the weight anyway
            below = 2 + features.sum(_SPACE, keepdim=True) * slope
            alpha = (1 / below).where(below != 0, 0.0)
            return summed((alpha * slope.clamp(min=0)).sum(_SPACE, keepdim=True) * features).clamp(min=0)

        return gradient_cam(model, inputs, target, self.layer, context, combine)


@dataclass(frozen=True)
class HiResCAM:
    """HiResCAM: feature maps times gradients, place by place.

    Before upsampling it sums to the score without its bias where all that follows the layer is linear or max pooling.
    """

    layer: str = LAST

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Draelos and Carin 2020, HiResCAM, arXiv:2011.08891"
    summary: ClassVar[str] = (
        "Gradient times feature map, summed over channels: no averaging of the gradient over space."
    )
    tags: ClassVar[MethodTags] = cam_tags("scale", "sign")
    note: ClassVar[str] = "Grad-CAM without the mean; the same map after a global average"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported where the network has no such feature maps."""

        def combine(features: Tensor, slope: Tensor) -> Tensor:
            return summed(slope * features)

        return gradient_cam(model, inputs, target, self.layer, context, combine)


@dataclass(frozen=True)
class LayerCAM:
    """LayerCAM: feature maps times their positive gradients."""

    layer: str = LAST

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Jiang et al. 2021, LayerCAM, IEEE Transactions on Image Processing 30:5875"
    summary: ClassVar[str] = (
        "Positive gradient times feature map, summed over channels; only the positive part is kept."
    )
    tags: ClassVar[MethodTags] = cam_tags("scale", signed=False)
    note: ClassVar[str] = "only positive gradients and positive sums"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative. Raises Unsupported where the network has no such feature maps."""

        def combine(features: Tensor, slope: Tensor) -> Tensor:
            return summed(slope.clamp(min=0) * features).clamp(min=0)

        return gradient_cam(model, inputs, target, self.layer, context, combine)


def summed(volumes: Tensor) -> Tensor:
    """Sum (n, 1, d, h, w) over channels."""
    return volumes.sum(1, keepdim=True)


def gradient_cam(
    model: nn.Module,
    inputs: Tensor,
    target: Target,
    layer: str,
    context: Context | None,
    combine: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The upsampled combination (n, 1, d, h, w) of feature maps and gradients (n, channels, d, h, w)."""

    def work(rows: Tensor) -> Tensor:
        taken = passed(model, leaf(model, inputs[rows]), rows_of(target, rows, inputs), layer)
        (context or Context()).notes["layer"] = taken.layer
        slope = derivative(taken.score, taken.features)
        return upsampled(combine(taken.features.detach(), slope), inputs)

    with differentiable(model):
        return in_chunks(inputs, work).detach().contiguous()
