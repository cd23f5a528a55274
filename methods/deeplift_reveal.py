"""DeepLIFT by the RevealCancel rule, which sees inputs that cancel each other at a ReLU."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Attribution, Context, MethodTags, Target, bounded
from methods._rules.cancelling import revealing
from methods._shared.reference import Baseline, baseline, tags_of_baseline
from methods.deeplift import SUMMING, contributions


@bounded
@dataclass(frozen=True)
class DeepLIFTRevealCancel:
    """DeepLIFT by the RevealCancel rule.

    Batch norm counts as part of its convolution. baseline: as in `DeepLIFT`.
    """

    baseline: Baseline = "zero"

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Shrikumar, Greenside and Kundaje 2017, Learning important features, ICML (RevealCancel)"
    summary: ClassVar[str] = (
        "(x - b) times the multiplier by the RevealCancel rule; the map sums to f(x) - f(b) but for rounding."
    )
    note: ClassVar[str] = (
        "shares what inputs that cancel do together: min(a, b) goes half to each, where the rescale rule "
        "gives all to one"
    )

    @cached_property
    def tags(self) -> MethodTags:
        """What it needs and is ranked with depends on its baseline."""
        return tags_of_baseline(SUMMING, self.baseline)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Map (N, 1, D, H, W) in score, its multiplier, and the rounding sum(map) - (f(x) - f(b)) of each row.

        Raises Unsupported at an operation without a rule, or where the sum misses by more than rounding.
        """
        x = inputs.detach()
        return contributions(model, x, baseline(x, self.baseline, context or Context()), target, revealing)
