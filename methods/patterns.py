"""PatternNet and PatternAttribution: the signal in the image, told from the distractors that weights cancel."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import AtLeast, Context, MethodTags, Target, bounded
from bench.passes import differentiable, gradient, leaf
from methods._rules import intercepted
from methods._rules.folding import folded
from methods._rules.patterns import SignalPatterns, along
from methods._rules.shares import with_shares

_REFERENCE = "Kindermans et al. 2018, Learning how to explain neural networks: PatternNet and PatternAttribution, ICLR"
#: training images that pass together while patterns are gathered
_CHUNK = 8


def _tags(*laws: str) -> MethodTags:
    return MethodTags(
        "pattern",
        "location",
        needs=frozenset({"training"}),
        laws=frozenset({"implementation", "refusal", *laws}),
        cost="forward + backward",
    )


class _Pattern:
    """The base of both: patterns gathered once per model from `images` training images, evenly spaced among them.

    Batch norm counts as part of its convolution. Without training data patterns are those of white noise, w / |w|^2.
    """

    images: Annotated[int, AtLeast(2)]
    weighted: ClassVar[bool]

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W); it starts from the outputs times the derivative of the explained score."""
        context = context or Context()
        patterns = context.memo(("patterns", model, self.images), lambda: self._gathered(model, inputs, context))

        def through(place: int, weight: Tensor) -> Tensor:
            pattern = _white(weight) if patterns is None else patterns.of(place)
            return weight * pattern if self.weighted else pattern

        def run(x: Tensor) -> Tensor:
            outputs = intercepted(model, {"affine": folded(along(through))})(x)
            return with_shares(outputs, (outputs, outputs))

        return gradient(model, inputs, target, run)

    def _gathered(self, model: nn.Module, inputs: Tensor, context: Context) -> SignalPatterns | None:
        try:
            training = context.training().images.to(inputs.dtype)
        except LookupError:
            return None
        chosen = training[torch.linspace(0, len(training) - 1, min(self.images, len(training))).round().long()]
        patterns = SignalPatterns()
        with differentiable(model):
            for part in chosen.split(_CHUNK):
                intercepted(model, {"affine": folded(patterns.gathering())})(leaf(model, part))
        return patterns


@bounded
@dataclass(frozen=True)
class PatternNet(_Pattern):
    """PatternNet: the signal in the image."""

    images: Annotated[int, AtLeast(2)] = 64

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = _REFERENCE
    summary: ClassVar[str] = "The signal of the explained output, followed back through patterns in place of weights."
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = "the signal that the score follows, not the weight: a suppressor has a weight and no signal"
    weighted: ClassVar[bool] = False


@bounded
@dataclass(frozen=True)
class PatternAttribution(_Pattern):
    """PatternAttribution: the contribution of the signal."""

    images: Annotated[int, AtLeast(2)] = 64

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = _REFERENCE
    summary: ClassVar[str] = "What the signal contributes, followed back through weights times patterns."
    tags: ClassVar[MethodTags] = _tags("scale")
    note: ClassVar[str] = "weights times signal: what the signal contributes"
    weighted: ClassVar[bool] = True


def _white(weight: Any) -> Tensor:
    size = weight.flatten(1).square().sum(1).reshape(-1, *[1] * (weight.ndim - 1))
    return weight / size.where(size > 0, torch.inf)
