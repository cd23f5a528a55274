"""Scores of one image under many local edits.

Every function takes one image (1, D, H, W), a fill (a number or a volume of the image's shape) and a target, and
returns `(score, scores)`: the image's own score and the score of each edited image (P,). They share one batch layout
for a given image, so a difference of the two is bit-identical wherever the image came from.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from bench.contracts import BadInput
from bench.contracts.plugins import Target
from bench.passes.forward import evaluating, in_chunks
from bench.passes.forward import forward as outputs_of
from bench.passes.scores import explained

Scores = tuple[Tensor, Tensor]


def box_edits(
    model: nn.Module, image: Tensor, boxes: Tensor, fill: Tensor | float, target: Target, batch: int | None = None
) -> Scores:
    """The fill put inside each box; boxes (P, 2, 3) hold first and past-the-last voxel of each axis."""
    filled = _volume(image, fill)

    def edit(number: int) -> Tensor:
        (d0, h0, w0), (d1, h1, w1) = boxes[number].tolist()
        edited = image.clone()
        edited[:, d0:d1, h0:h1, w0:w1] = filled[:, d0:d1, h0:h1, w0:w1]
        return edited

    return _scores(model, image, len(boxes), edit, target, batch)


def mask_edits(
    model: nn.Module, image: Tensor, masks: Tensor, fill: Tensor | float, target: Target, batch: int | None = None
) -> Scores:
    """The fill mixed in by each mask (P, 1, D, H, W), boolean or between 0 (image) and 1 (fill)."""
    filled = _volume(image, fill)

    def edit(number: int) -> Tensor:
        return torch.lerp(image, filled, masks[number].to(image))

    return _scores(model, image, len(masks), edit, target, batch)


def region_edits(
    model: nn.Module,
    image: Tensor,
    labels: Tensor,
    regions: Sequence[int],
    fill: Tensor | float,
    target: Target,
    batch: int | None = None,
) -> Scores:
    """The fill put into each listed region of the label volume (1, D, H, W)."""
    filled = _volume(image, fill)

    def edit(number: int) -> Tensor:
        return torch.where(labels == regions[number], filled, image)

    return _scores(model, image, len(regions), edit, target, batch)


def _volume(image: Tensor, fill: Tensor | float) -> Tensor:
    if isinstance(fill, Tensor) and fill.ndim and fill.shape != image.shape:
        raise BadInput(f"the fill has shape {tuple(fill.shape)}, the image {tuple(image.shape)}; they must agree")
    return torch.as_tensor(fill).to(image).expand_as(image)


def _scores(
    model: nn.Module, image: Tensor, count: int, edit: Callable[[int], Tensor], target: Target, batch: int | None
) -> Scores:
    """Edits are made a chunk at a time; number 0 is the image itself."""
    if isinstance(target, Tensor):
        raise BadInput("edits of one image have one target; give a class or a contrast, not one class a row")

    def work(rows: Tensor) -> Tensor:
        edited = torch.stack([edit(number - 1) if number else image for number in rows.tolist()])
        return explained(outputs_of(model, edited), target)

    with evaluating(model):
        scores = in_chunks(image.expand(count + 1, *image.shape), work, batch)
    return scores[0], scores[1:]
