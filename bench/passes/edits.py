"""Scores of one image under many local edits.

Every function takes one image (1, D, H, W), a fill (a number or a volume of the image's shape) and a target, and
returns `(score, scores)`: the image's own score and the score of each edited image (P,). They are run in one layout for
a given image, so a difference of the two is bit-identical wherever the image came from. Edits of boxes and regions are
followed from the image's own pass (`bench.passes.cone`) where the network allows it; the others, and all where it does
not, take full passes.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from bench.contracts import BadInput, Target
from bench.passes.cone import Cone
from bench.passes.forward import evaluating, in_chunks
from bench.passes.forward import forward as outputs_of
from bench.passes.scores import explained

Scores = tuple[Tensor, Tensor]


def box_edits(
    model: nn.Module, image: Tensor, boxes: Tensor, fill: Tensor | float, target: Target, batch: int | None = None
) -> Scores:
    """The fill put inside each box; boxes (P, 2, 3) hold first and past-the-last voxel of each axis."""
    filled = _volume(image, fill)

    def content(number: int) -> Tensor:
        return _box(filled, boxes[number])

    return content_edits(model, image, boxes, content, target, batch)


def content_edits(
    model: nn.Module,
    image: Tensor,
    boxes: Tensor,
    content: Callable[[int], Tensor],
    target: Target,
    batch: int | None = None,
) -> Scores:
    """`content(p)` (1, d, h, w) put into box p of `boxes` (P, 2, 3).

    What changes nothing is not run and has the image's own score.
    """
    _check_target(target)
    changing = [n for n, box in enumerate(boxes) if not torch.equal(_box(image, box), content(n))]
    cone = Cone(model, image, target)
    changed = cone.scores(boxes[changing], lambda position: content(changing[position]), batch)
    if cone.reason is None:
        score = cone.score
    else:
        score, changed = _scores(model, image, len(changing), _pasted(image, boxes, changing, content), target, batch)
    scores = score.repeat(len(boxes))
    scores[changing] = changed
    return score, scores


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
    boxes = torch.stack([_bounds(labels == region) for region in regions]) if len(regions) else torch.empty(0, 2, 3)

    def content(number: int) -> Tensor:
        inside, old, new = (_box(volume, boxes[number]) for volume in (labels == regions[number], image, filled))
        return torch.where(inside, new, old)

    return content_edits(model, image, boxes, content, target, batch)


def mask_edits(
    model: nn.Module,
    image: Tensor,
    masks: Tensor | Sequence[Tensor],
    fill: Tensor | float,
    target: Target,
    batch: int | None = None,
) -> Scores:
    """The fill mixed in by each mask (1, D, H, W), boolean or from 0 (image) to 1 (fill)."""
    filled = _volume(image, fill)

    def edit(number: int) -> Tensor:
        return torch.lerp(image, filled, masks[number].to(image))

    return _scores(model, image, len(masks), edit, target, batch)


def coalition_edits(
    model: nn.Module,
    image: Tensor,
    labels: Tensor,
    present: Tensor,
    fill: Tensor | float,
    target: Target,
    batch: int | None = None,
) -> Scores:
    """The fill put into every absent region at once; present (P, R) is boolean, column r stands for label r + 1.

    Label 0 is no region and keeps the image.
    """
    filled, places = _volume(image, fill), labels.long()
    keep = torch.cat([torch.ones(len(present), 1, dtype=torch.bool), present.bool().cpu()], 1).to(image.device)

    def edit(number: int) -> Tensor:
        return torch.where(keep[number][places], image, filled)

    return _scores(model, image, len(present), edit, target, batch)


def _volume(image: Tensor, fill: Tensor | float) -> Tensor:
    if isinstance(fill, Tensor) and fill.ndim and fill.shape != image.shape:
        raise BadInput(
            f"the fill has shape {tuple(fill.shape)}, the image {tuple(image.shape)}; give one of the image's shape"
        )
    return torch.as_tensor(fill).to(image).expand_as(image)


def _box(volume: Tensor, box: Tensor) -> Tensor:
    (d0, h0, w0), (d1, h1, w1) = box.tolist()
    return volume[:, d0:d1, h0:h1, w0:w1]


def _bounds(mask: Tensor) -> Tensor:
    """The smallest box (2, 3) that holds a mask (1, D, H, W); empty where the mask is."""
    places = mask[0].nonzero().cpu()
    return torch.stack([places.amin(0), places.amax(0) + 1]) if len(places) else torch.zeros(2, 3, dtype=torch.long)


def _pasted(
    image: Tensor, boxes: Tensor, chosen: list[int], content: Callable[[int], Tensor]
) -> Callable[[int], Tensor]:
    def edit(position: int) -> Tensor:
        edited = image.clone()
        _box(edited, boxes[chosen[position]]).copy_(content(chosen[position]))
        return edited

    return edit


def _scores(
    model: nn.Module, image: Tensor, count: int, edit: Callable[[int], Tensor], target: Target, batch: int | None
) -> Scores:
    """Full passes; edits are made a chunk at a time; number 0 is the image itself."""
    _check_target(target)

    def work(rows: Tensor) -> Tensor:
        edited = torch.stack([edit(number - 1) if number else image for number in rows.tolist()])
        return explained(outputs_of(model, edited), target)

    with evaluating(model):
        scores = in_chunks(image.expand(count + 1, *image.shape), work, batch)
    return scores[0], scores[1:]


def _check_target(target: Target) -> None:
    if isinstance(target, Tensor):
        raise BadInput("edits of one image have one target; give a class or a contrast, not one class a row")
