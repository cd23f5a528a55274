"""Swap tests: a box of the image is replaced by what another brain has there."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from bench.contracts import Context, Count, MethodTags, Target, Undefined, bounded
from bench.passes import row_of
from methods._shared.background import controls
from methods.occlusion import Occlusion

_LAWS = frozenset({"scale", "sign", "shift", "implementation"})
_COST = "(1 + boxes(D) * boxes(H) * boxes(W)) * forward"
Into = Literal["subject", "match"]


class _Boxes:
    """The boxes of occlusion."""

    window: Count
    stride: Count

    def __post_init__(self) -> None:
        Occlusion(self.window, self.stride)

    def boxes(self, length: int) -> int:
        """Number of boxes along an axis of `length` voxels."""
        return Occlusion(self.window, self.stride).boxes(length)

    def _effects(self, model: nn.Module, images: Tensor, others: Tensor, target: Target) -> Tensor:
        """f(image) - f(image with the other's box), averaged over the boxes over a voxel (N, 1, D, H, W)."""
        boxes = Occlusion(self.window, self.stride)
        rows = [boxes.effects(model, x, others[row], row_of(target, row, images)) for row, x in enumerate(images)]
        return torch.stack(rows)


@bounded
@dataclass(frozen=True)
class SwapTest(_Boxes):
    """Swap test: the drop of the score when boxes come from a healthy match.

    The match is the training control nearest to the subject (least mean squared difference in its domain); where
    controls are not registered to the subject, a swap also moves anatomy. into: `subject` puts the match's box into
    the subject; `match` puts the subject's box into the match and takes the rise of its score. The two agree on linear
    models only. window, stride: as in occlusion. A box in which the two agree has no effect and is not run.
    """

    window: Count = 6
    stride: Count = 4
    into: Into = "subject"

    version: ClassVar[str] = "3"
    reference: ClassVar[str] = (
        "Nigri et al. 2020, Explainable deep CNNs for MRI-based diagnosis of Alzheimer's disease, IJCNN (swap test)"
    )
    summary: ClassVar[str] = (
        "How the score falls when a box is taken from the subject's healthy match, averaged over the boxes "
        "over a voxel."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "perturbation", "location", needs=frozenset({"training"}), laws=_LAWS, reference_class="controls", cost=_COST
    )
    note: ClassVar[str] = (
        "boxes from the nearest training control; unregistered controls move anatomy too; `into` subject or "
        "match, equal on linear models only"
    )

    def covering(self, inputs: Tensor, context: Context | None = None) -> Tensor:
        """The healthy matches of the images (N, 1, D, H, W)."""
        return healthy_matches(inputs, context or Context())

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        x = inputs.detach()
        matches = self.covering(x, context)
        if self.into == "subject":
            return self._effects(model, x, matches, target)
        return -self._effects(model, matches, x, target)


@bounded
@dataclass(frozen=True)
class TwinOcclusion(_Boxes):
    """Twin occlusion: boxes covered by the subject's twin.

    It knows which voxels differ, so it is shown as an oracle beside the methods and never ranked.
    """

    window: Count = 6
    stride: Count = 4

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "none: occlusion with the simulator's twin as the fill"
    summary: ClassVar[str] = (
        "Occlusion by the subject's own twin: what the score owes to the pathology in a box, and to nothing else."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "perturbation",
        "location",
        role="oracle",
        truths=frozenset({"counterfactual"}),
        laws=_LAWS,
        reference_class="twin",
        cost=_COST,
    )
    note: ClassVar[str] = (
        "boxes from the subject's own twin: sees the truth, so it is shown as an oracle and never ranked"
    )

    def covering(self, inputs: Tensor, context: Context | None = None) -> Tensor:
        """The twins of the images (N, 1, D, H, W). Raises Undefined where no counterfactual truth is given."""
        truth = (context or Context()).truths.get("counterfactual")
        if truth is None or truth.volume is None:
            raise Undefined("occlusion by the twin needs the truth 'counterfactual' as a volume")
        return inputs - truth.volume.to(inputs)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score. Raises Undefined where no counterfactual truth is given."""
        x = inputs.detach()
        return self._effects(model, x, self.covering(x, context), target)


def healthy_matches(images: Tensor, context: Context) -> Tensor:
    """The nearest training control of each image (N, 1, D, H, W); the zero image where there is no training data."""
    pool = controls(images, context)
    domain = torch.ones_like(images) if context.domain is None else context.domain.to(images)
    far = [
        [((x - other).square() * inside).sum().item() for other in pool]
        for x, inside in zip(images, domain, strict=True)
    ]
    return pool[torch.tensor(far).argmin(1)]
