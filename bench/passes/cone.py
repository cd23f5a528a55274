"""Scores of locally edited images from the kept activations of one: only what an edit reaches is computed anew.

An edit in a box changes a layer's values in a box a little larger; everything else is what the unedited image gave.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bench.contracts import Target
from bench.devices.memory import budget
from bench.passes.carried import Carried, Trail, Unfollowed
from bench.passes.following import follow
from bench.passes.forward import evaluating, in_chunks, laid_out
from bench.passes.scores import explained

#: values as large as the largest one that are alive at once in a pass
ALIVE = 16


class Cone:
    """The pass of one image (1, D, H, W) through a network in evaluation mode, kept to be followed for its edits.

    reason: why edits cannot be followed and full passes are needed, naming the operation; None where they can.
    score: (), the explained score of the image.
    """

    def __init__(self, model: nn.Module, image: Tensor, target: Target):
        self.model, self.image, self.target = model, image, target
        self.reason: str | None = None
        self.trail = Trail(follow)
        try:
            self.score = self._recorded()
        except Exception as error:  # whatever stops a carried value, full passes are right; they raise what is at fault
            self.reason = _clause_of(error)

    def scores(self, boxes: Tensor, content: Callable[[int], Tensor], batch: int | None = None) -> Tensor:
        """Scores (P,) of the image with `content(p)` (1, d, h, w) put in box p of `boxes` (P, 2, 3).

        Boxes of one size are run together, wherever they lie. Where an operation cannot be followed `reason` is set
        and the scores mean nothing.
        """
        scores, boxes = self.image.new_empty(len(boxes)), boxes.cpu()
        if self.reason is not None:
            return scores
        groups: dict[tuple[int, ...], list[int]] = {}
        for number, (low, high) in enumerate(boxes.unbind()):
            groups.setdefault(tuple((high - low).tolist()), []).append(number)
        with evaluating(self.model), torch.no_grad():
            try:
                for numbers in groups.values():
                    scores[numbers] = self._group(torch.tensor(numbers), boxes, content, batch)
            except Exception as error:  # as above
                self.reason = _clause_of(error)
        return scores

    def _group(self, numbers: Tensor, boxes: Tensor, content: Callable[[int], Tensor], batch: int | None) -> Tensor:
        """Scores of boxes of one size; the first two tell how much an edit of this size takes."""

        def work(rows: Tensor) -> Tensor:
            patches = torch.stack([content(number) for number in numbers[rows].tolist()])
            return self._followed(patches, boxes[numbers[rows], 0], len(rows.unique()))

        self.trail.peak = 1
        first = in_chunks(numbers[:2], work, 2)
        size = batch or max(2, budget(self.trail.values[0].device) // (ALIVE * 4 * self.trail.peak))
        rest = [in_chunks(numbers[2:], lambda rows: work(rows + 2), size)] if len(numbers) > 2 else []
        return torch.cat([first, *rest])

    def _recorded(self) -> Tensor:
        """The image's score; the pass must give what the network gives to plain tensors, to the bit or nearly."""
        pair = laid_out(self.model, self.image.detach().expand(2, *self.image.shape))
        with evaluating(self.model), torch.no_grad():
            self.trail.names.append("image")
            self.trail.values.append(pair[:1].clone())
            outputs = self.model(Carried(self.trail, pair[:1], pair))
            self.trail.recording = False
            plain = self.model.forward(pair)
        if not torch.allclose(outputs.patch, plain, rtol=1e-5, atol=1e-6 * plain.abs().max().item()):
            raise Unfollowed("followed operation by operation it gives another score")
        return explained(outputs.patch, self.target)[0].to(self.image.device)

    def _followed(self, patches: Tensor, starts: Tensor, counted: int) -> Tensor:
        self.trail.step, self.trail.counted = 1, counted
        base = self.trail.values[0]
        outputs = self.model(Carried(self.trail, base, patches.to(base.device), starts))
        if outputs.starts is not None or outputs.base.ndim != 2:
            raise Unfollowed("it returns no row of outputs")
        return explained(outputs.patch, self.target).to(self.image.device)


def _clause_of(error: Exception) -> str:
    return str(error) or type(error).__name__
