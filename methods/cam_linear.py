"""The original class activation map, for networks that end in a global average and one linear layer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target, Unsupported
from bench.passes import derivative, differentiable, in_chunks, leaf, rows_of
from methods._shared.features import AVERAGED, passed, upsampled

#: how much the weights of a linear readout may differ by rounding, in units of the largest
ROUNDING = 1e-4


@dataclass(frozen=True)
class CAM:
    """Class activation mapping after a global average.

    The weights are read as a derivative, and read again with the features at -2 times their values: a readout whose
    derivative differs between the two, or between voxels of a map, is not a global average and one linear layer. One
    whose derivative is zero throughout, as where it saturates, does not show whether it is.
    Upsampling is trilinear (align_corners False).
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Zhou et al. 2016, Learning deep features for discriminative localization, CVPR"
    summary: ClassVar[str] = (
        "The averaged feature maps, weighted as the linear readout weights their means; without its bias, sign kept."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "cam",
        "location",
        needs=frozenset({"layer"}),
        laws=frozenset({"scale", "sign", "shift", "implementation"}),
        cost="2 * (forward + backward)",
    )
    note: ClassVar[str] = "only after a global average and one linear layer, else refused; bias left out"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported for every other kind of network."""
        return averaged_cam(model, inputs, target, context, lambda coarse: upsampled(coarse, inputs))


def averaged_cam(
    model: nn.Module, inputs: Tensor, target: Target, context: Context | None, finish: Callable[[Tensor], Tensor]
) -> Tensor:
    """The averaged feature maps, weighted as the readout weighs them, (n, 1, d, h, w), finished to the images' grid."""

    def work(rows: Tensor) -> Tensor:
        x, chosen = leaf(model, inputs[rows]), rows_of(target, rows, inputs)
        taken = passed(model, x, chosen, AVERAGED)
        (context or Context()).notes["layer"] = taken.layer
        features, slope = taken.features.detach(), derivative(taken.score, taken.features)
        edited = passed(model, x, chosen, AVERAGED, lambda volume: -2 * volume, taken.place)
        weights = slope.mean((2, 3, 4), keepdim=True)
        if not weights.flatten(1).any(1).all():
            raise Unsupported(
                "CAM needs a global average and one linear layer after the last feature maps; a subject's score "
                "does not vary with these, as where it saturates, so that nothing is known of what follows them"
            )
        for other in (slope, derivative(edited.score, edited.features)):
            if (other - weights).abs().max() > ROUNDING * weights.abs().max():
                raise Unsupported("CAM needs a global average and one linear layer after the last feature maps")
        return finish(features[0, 0].numel() * (weights * features).sum(1, keepdim=True))

    with differentiable(model):
        return in_chunks(inputs, work).detach().contiguous()
