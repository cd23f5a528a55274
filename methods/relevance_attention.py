"""Relevance propagation that goes through attention, and not only along the values that it weighs."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Attribution, Context, MethodTags, Positive, Target, bounded
from bench.passes import gradient
from methods._rules import derived, epsilon, halved, intercepted, taken_by_the_signal


@bounded
@dataclass(frozen=True)
class AttnLRP:
    """AttnLRP: relevance through the softmax of attention as well as along its values.

    A matrix product of two signals gives each half, O = A V as well as Q K^T. R_i = x_i (R_i' - s_i sum_j R_j') at a
    softmax s of x, its first-order expansion, which in multipliers is its derivative. Norms hold their spread still and
    activations pass relevance on, as in LRP-epsilon; so do sigmoids that weigh a signal. epsilon as in LRP-epsilon.
    """

    epsilon: Positive = 0.01

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Achtibat et al. 2024, AttnLRP: attention-aware layer-wise relevance propagation for transformers, ICML"
    )
    summary: ClassVar[str] = (
        "LRP-epsilon that halves relevance at products of queries, keys, weights and values, and expands the softmax."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "relevance",
        "contribution",
        laws=frozenset({"sign", "implementation", "refusal"}),
        reference_class="zero",
        cost="forward + backward",
    )
    note: ClassVar[str] = "tells why a place was heard, where other rules hold attention still; without it, lrp_epsilon"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Relevance (N, 1, D, H, W) in score and its multiplier, R = x * M."""
        damped = epsilon(self.epsilon)
        rules = {"affine": damped, "gated": taken_by_the_signal, "product": halved(damped), "softmax": derived}
        multiplier = gradient(model, inputs, target, intercepted(model, rules))  # type: ignore[arg-type]
        return Attribution((multiplier * inputs.detach()).contiguous(), multiplier)
