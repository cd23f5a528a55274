"""Class activation mapping by effect: each feature map is weighted by what it does to the score, without gradients.

channels: passes spent on feature maps, one each. A layer with more is refused; one with fewer leaves the rest of the
passes unedited, so that what a map costs is known before the network is.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Context, Count, MethodTags, Target, Unsupported, bounded
from bench.passes import differentiable, in_chunks, leaf, mask_edits, row_of, rows_of
from methods._shared.features import LAST, Edit, passed, upsampled


@bounded
@dataclass(frozen=True)
class AblationCAM:
    """Ablation-CAM: feature maps weighted by their effect on the score.

    The paper divides the fall by the score, one number per image, which turns the map over where the score is negative
    and has no meaning for a contrast; it is left out.
    """

    layer: str = LAST
    channels: Count = 32

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Desai and Ramaswamy 2020, Ablation-CAM, WACV"
    summary: ClassVar[str] = (
        "Feature maps weighted by the fall of the score when each is set to zero; the sign is kept."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "cam",
        "location",
        needs=frozenset({"layer"}),
        laws=frozenset({"scale", "sign", "shift", "implementation"}),
        cost="(1 + channels) * forward",
    )
    note: ClassVar[str] = "fall of the score without each feature map, not divided by the score"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported where the layer has no, or more than `channels`, feature maps."""

        def work(rows: Tensor) -> Tensor:
            x, chosen = leaf(model, inputs[rows]), rows_of(target, rows, inputs)
            plain = passed(model, x, chosen, self.layer)
            (context or Context()).notes["layer"] = plain.layer
            features, score = plain.features.detach().clone(), plain.score.detach()
            count = _room(features, self.channels)
            edits = [_without(channel) for channel in range(self.channels)]
            scores = [passed(model, x, chosen, self.layer, edit, plain.place).score.detach() for edit in edits]
            return upsampled(_weighted(score[:, None] - torch.stack(scores[:count], 1), features), inputs)

        with differentiable(model):
            return in_chunks(inputs, work).detach().contiguous()


@bounded
@dataclass(frozen=True)
class ScoreCAM:
    """Score-CAM: feature maps weighted by their worth as masks of the image.

    The image is multiplied by each feature map, upsampled and brought to 0..1; a constant map shows nothing. The score
    of a black image, which the paper subtracts, leaves a softmax as it is. The softmax takes scores as they are, so
    the map of 3 f is not three times the map of f.
    """

    layer: str = LAST
    channels: Count = 32

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Wang et al. 2020, Score-CAM, CVPR workshops, algorithm 1"
    summary: ClassVar[str] = (
        "Feature maps weighted by the softmax of the scores of the image seen through each; the positive part is kept."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "cam",
        "location",
        signed=False,
        needs=frozenset({"layer"}),
        laws=frozenset({"shift", "implementation"}),
        cost="(2 + channels) * forward",
    )
    note: ClassVar[str] = "softmax of logits: a large score lets one feature map win"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative. Raises Unsupported where the layer has no, or too many, feature maps."""

        def work(rows: Tensor) -> Tensor:
            taken = passed(model, leaf(model, inputs[rows]), rows_of(target, rows, inputs), self.layer)
            (context or Context()).notes["layer"] = taken.layer
            return taken.features.detach().clone()

        with differentiable(model):
            features = in_chunks(inputs, work)
        maps = [self._row(model, inputs[row], features[row], row_of(target, row, inputs)) for row in range(len(inputs))]
        return torch.stack(maps).detach().contiguous()

    def _row(self, model: nn.Module, image: Tensor, features: Tensor, target: Target) -> Tensor:
        """Map (1, D, H, W) of one image from its feature maps (channels, d, h, w)."""
        count = _room(features[None], self.channels)
        covers = torch.ones(self.channels, *image.shape, dtype=image.dtype, device=image.device)
        covers[:count] -= _unit_range(upsampled(features[:, None], image[None]))
        _, scores = mask_edits(model, image.detach(), covers, 0.0, target)
        weights = scores[:count].softmax(0)[None].to(features)
        return upsampled(_weighted(weights, features[None]).clamp(min=0), image[None])[0]


def _without(channel: int) -> Edit:
    def edit(volume: Tensor) -> Tensor:
        return volume.where((torch.arange(volume.shape[1]) != channel).to(volume.device)[:, None, None, None], 0.0)

    return edit


def _weighted(weights: Tensor, features: Tensor) -> Tensor:
    """Sum (n, 1, d, h, w) of feature maps (n, channels, d, h, w) by weights (n, channels)."""
    return (weights[:, :, None, None, None] * features).sum(1, keepdim=True)


def _unit_range(masks: Tensor) -> Tensor:
    low, high = masks.amin((1, 2, 3, 4), keepdim=True), masks.amax((1, 2, 3, 4), keepdim=True)
    return (masks - low) / (high - low).where(high > low, torch.inf)


def _room(features: Tensor, channels: int) -> int:
    count = features.shape[1]
    if count > channels:
        raise Unsupported(f"the layer has {count} feature maps and channels={channels}; set channels={count} or more")
    return count
