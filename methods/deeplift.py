"""DeepLIFT: the difference from a reference image, followed back through the network by slopes between the two.

The rescale rule, at every ReLU and max pooling wherever it is called; an operation without a rule is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Context, Count, MethodTags, Target, bounded
from bench.passes import derivative, differentiable, explained, forward, in_chunks, leaf, rows_of
from methods._rules import Rule, intercepted
from methods._rules.differences import picked, rescaled
from methods._rules.operations import OperationKind
from methods._shared.background import controls
from methods._shared.reference import Baseline, baseline

_LAWS = frozenset({"scale", "sign", "shift", "implementation", "refusal"})


@bounded
@dataclass(frozen=True)
class DeepLIFT:
    """DeepLIFT by the rescale rule.

    baseline: `zero`, or `mean`, the constant image at the subject's mean within its domain.
    """

    baseline: Baseline = "zero"

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Shrikumar, Greenside and Kundaje 2017, Learning important features, ICML (rescale rule)"
    summary: ClassVar[str] = (
        "(x - b) times the multiplier by the rescale rule; the map sums to f(x) - f(b) but for rounding."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "path", "contribution", laws=_LAWS | {"linear", "completeness"}, cost="4 * forward + 2 * backward"
    )
    note: ClassVar[str] = "rescale rule; sums to f(x) - f(b) but for rounding"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Map (N, 1, D, H, W) in score, its multiplier, and the rounding sum(map) - (f(x) - f(b)) of each row."""
        x = inputs.detach()
        start = baseline(x, self.baseline, context or Context())
        return contributions(model, x, start, target, multiplier(model, x, start, target, rescale))


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
        cost="2 * references * (forward + backward)",
    )
    note: ClassVar[str] = "mean of DeepLIFT over 8 training controls; sums to f(x) - their mean score"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        x = inputs.detach()
        pool = controls(x, context or Context())
        total = torch.zeros_like(x, memory_format=torch.contiguous_format)
        for place in torch.linspace(0, len(pool) - 1, self.references).round().long():
            start = pool[place].expand_as(x)
            total += multiplier(model, x, start, target, rescale) * (x - start)
        return total / self.references


def rescale() -> Mapping[OperationKind, Rule]:
    """The rescale rule."""
    return {"relu": rescaled, "pick": picked}


def contributions(model: nn.Module, x: Tensor, start: Tensor, target: Target, slope: Tensor) -> Attribution:
    """The slope times (x - start), with the rounding sum(map) - (f(x) - f(start)) of each row."""
    found = (slope * (x - start)).contiguous()
    rise = explained(forward(model, x), target) - explained(forward(model, start), target)
    gap = found.flatten(1).sum(1, dtype=torch.float64) - rise
    return Attribution(found, slope, gap.to(x))


def multiplier(
    model: nn.Module, x: Tensor, start: Tensor, target: Target, rules: Callable[[], Mapping[OperationKind, Rule]]
) -> Tensor:
    """Multipliers (N, 1, D, H, W) of the explained score between the images and their references.

    rules: the rules of one pass, made anew for each.
    """

    def work(rows: Tensor) -> Tensor:
        images = leaf(model, x[rows])
        outputs = intercepted(model, rules())(torch.cat([images, start[rows].to(images)]))
        return derivative(explained(outputs[: len(rows)], rows_of(target, rows)), images).to(x)

    # an image and its reference pass together: a chunk holds half as many rows
    pairs = x[:, None].expand(-1, 2, *x.shape[1:])
    with differentiable(model):
        return in_chunks(pairs, work)
