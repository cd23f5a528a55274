"""The oracle of methods that see no finer than a network's feature maps: a truth averaged over their grid."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool3d

from bench.contracts import Context, MethodTags, Target, bounded
from bench.passes import differentiable, in_chunks, leaf, rows_of
from methods._shared.features import LAST, passed, upsampled
from methods.oracles import Oracle


@bounded
@dataclass(frozen=True)
class NativeOracle:
    """Oracle at the resolution of a layer: the native ceiling of CAM methods that read it.

    truth: its absolute value is shown. layer: as CAM methods name it (`methods/cam.py`).
    """

    truth: str = "counterfactual"
    layer: str = LAST

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "none: an oracle"
    summary: ClassVar[str] = (
        "The size of a truth averaged over the cells of a layer's grid, upsampled as CAM methods upsample."
    )
    note: ClassVar[str] = "the truth on the grid of a layer: what a CAM method of that layer can reach on that network"

    @cached_property
    def tags(self) -> MethodTags:
        """An oracle's tags name the truth it needs, so they belong to the instance."""
        return MethodTags(
            "oracle",
            "location",
            role="oracle",
            signed=False,
            reads_model=False,
            needs=frozenset({"layer"}),
            truths=frozenset({self.truth}),
            cost="forward",
        )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative.

        Raises Undefined where the context carries no such truth, Unsupported where the network has no feature maps.
        """
        maps = Oracle(self.truth)(model, inputs, target, context).abs()

        def work(rows: Tensor) -> Tensor:
            chosen = passed(model, leaf(model, inputs[rows]), rows_of(target, rows, inputs), self.layer)
            (context or Context()).notes["layer"] = chosen.layer
            depth, height, width = chosen.features.shape[2:]
            return upsampled(adaptive_avg_pool3d(maps[rows], (depth, height, width)), inputs)

        with differentiable(model):
            return in_chunks(inputs, work).detach().contiguous()
