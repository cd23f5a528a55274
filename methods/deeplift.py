"""DeepLIFT: the difference from a reference image, followed back through the network by slopes between the two.

The rescale rule, at every ReLU, smooth activation and max pooling wherever it is called; an operation without a rule,
as a norm by the image's own spread or a softmax, is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Context, Count, MethodTags, Target, bounded
from bench.passes import derivative, differentiable, explained, in_chunks, leaf, rows_of
from methods._rules import Rule, intercepted
from methods._rules.activations import rescaled_smoothly
from methods._rules.differences import References, picked, rescaled
from methods._rules.operations import OperationKind
from methods._shared.background import controls
from methods._shared.completeness import refuse_gap
from methods._shared.reference import Baseline, baseline, tags_of_baseline, unless_zero

_LAWS = frozenset({"scale", "sign", "shift", "implementation", "refusal"})
#: of methods that share out the rise of the score from one reference
SUMMING = MethodTags("path", "contribution", laws=_LAWS | {"linear", "completeness"}, cost="2 * forward + backward")


@bounded
@dataclass(frozen=True)
class DeepLIFT:
    """DeepLIFT by the rescale rule.

    baseline: `zero`, `mean` (constant, at the subject's mean within its domain), `controls` (the mean training control)
    or `redraw` (the subject with every region as in the mean of redraws, which asks the simulator, so that it is shown
    as an oracle).
    """

    baseline: Baseline = "zero"

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Shrikumar, Greenside and Kundaje 2017, Learning important features, ICML (rescale rule)"
    summary: ClassVar[str] = (
        "(x - b) times the multiplier by the rescale rule; the map sums to f(x) - f(b) but for rounding."
    )
    note: ClassVar[str] = "rescale rule; sums to f(x) - f(b) but for rounding"

    @cached_property
    def tags(self) -> MethodTags:
        """What it needs and is ranked with depends on its baseline."""
        return tags_of_baseline(SUMMING, self.baseline)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Map (N, 1, D, H, W) in score, its multiplier, and the rounding sum(map) - (f(x) - f(b)) of each row.

        Raises Unsupported at an operation without a rule, or where the sum misses by more than rounding.
        """
        x = inputs.detach()
        return contributions(model, x, baseline(x, self.baseline, context or Context()), target, rescale)


@bounded
@dataclass(frozen=True)
class DeepSHAP:
    """DeepSHAP: DeepLIFT averaged over training controls.

    references: how many; where there are fewer controls, some count twice. The map sums to f(x) minus the mean score of
    the references. It has no single baseline and so no multiplier.
    """

    references: Count = 8

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Lundberg and Lee 2017, A unified approach to interpreting model predictions, NeurIPS"
    summary: ClassVar[str] = (
        "The mean DeepLIFT map over reference images: controls of the training data, evenly spaced among them."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "path",
        "location",
        needs=frozenset({"training"}),
        laws=_LAWS,
        reference_class="controls",
        cost="references * (2 * forward + backward)",
    )
    note: ClassVar[str] = "mean of DeepLIFT over 8 training controls; sums to f(x) - their mean score"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score; raises Unsupported as `DeepLIFT` does, of any reference."""
        x = inputs.detach()
        pool = controls(x, context or Context())
        total = torch.zeros_like(x, memory_format=torch.contiguous_format)
        for place in torch.linspace(0, len(pool) - 1, self.references).round().long():
            total += contributions(model, x, pool[place].expand_as(x), target, rescale).map
        return total / self.references


def rescale(references: References) -> Mapping[OperationKind, Rule]:
    """The rescale rule."""
    return {"relu": rescaled(references), "smooth": rescaled_smoothly(references), "pick": picked(references)}


def contributions(
    model: nn.Module,
    x: Tensor,
    start: Tensor,
    target: Target,
    rules: Callable[[References], Mapping[OperationKind, Rule]],
) -> Attribution:
    """Multiplier of the explained score between images and references, times (x - start), and its completeness gap.

    rules: the rules of one pass, made anew for each. Raises Unsupported where the gap is no rounding.
    """

    def work(rows: Tensor) -> Tensor:
        references, chosen = References(), rows_of(target, rows, x)
        below = explained(intercepted(model, rules(references))(leaf(model, start[rows].to(x))), chosen).detach()
        references.follow()
        images = leaf(model, x[rows])
        score = explained(intercepted(model, rules(references))(images), chosen)
        slope = derivative(score, images)
        ends = torch.stack([score.detach(), below], 1)
        return torch.cat([slope.flatten(1), ends], 1).to(x)

    # an image and its reference are held together: a chunk has half as many rows
    pairs = x[:, None].expand(-1, 2, *x.shape[1:])
    with differentiable(model):
        parts = in_chunks(pairs, work)
    slope, ends = parts[:, :-2].reshape(x.shape), parts[:, -2:].double()
    shares = (slope * (x - start)).contiguous()
    gap = shares.flatten(1).sum(1, dtype=torch.float64) - (ends[:, 0] - ends[:, 1])
    refuse_gap(gap, shares, ends)
    return Attribution(shares, slope, gap.to(x), unless_zero(start))
