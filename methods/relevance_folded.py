"""Relevance propagation that meets a convolution and its batch norm as one affine layer.

For LRP-0 the two ways of counting give the same map; for every other rule they do not (tested), so each has its name.
Gates are passed as in `relevance.py`.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Attribution, Context, MethodTags, NonNegative, Positive, Target, bounded
from bench.passes import gradient
from methods._rules import epsilon, intercepted, taken_by_the_signal
from methods._rules.call import Call
from methods._rules.folding import folded
from methods._rules.shares import CONVOLUTIONS, alpha_beta


@bounded
@dataclass(frozen=True)
class LRPComposite:
    """LRP composite with batch norm folded into convolutions.

    beta 0 is z+ (EpsilonPlus), beta 1 is EpsilonAlpha2Beta1. epsilon as in LRP-epsilon.
    """

    epsilon: Positive = 0.01
    beta: NonNegative = 0.0

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Kohlbrenner et al. 2020, Towards best practice in explaining neural networks, IJCNN; "
        "Motzkus et al. 2022, Measurably stronger explanation reliability via model canonization, ICIP"
    )
    summary: ClassVar[str] = (
        "Alpha-beta at convolutions with their batch norm, and epsilon at every other affine layer."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "relevance",
        "contribution",
        laws=frozenset({"implementation", "refusal"}),
        reference_class="zero",
        cost="forward + backward",
    )
    note: ClassVar[str] = (
        "lrp_epsilon_plus with batch norm folded into its convolution: another map, and zennit's to a thousandth"
    )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Relevance (N, 1, D, H, W) in score and its multiplier, R = x * M."""
        signed, dense = alpha_beta(self.beta), epsilon(self.epsilon)

        def rule(call: Call) -> Tensor:
            return (signed if call.name in CONVOLUTIONS else dense)(call)

        def run(images: Tensor) -> Tensor:
            return intercepted(model, {"affine": folded(rule), "gated": taken_by_the_signal})(images)

        multiplier = gradient(model, inputs, target, run)
        return Attribution((multiplier * inputs.detach()).contiguous(), multiplier)
