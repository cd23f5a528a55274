"""Relevance propagation that tells supporting from opposing contributions.

Every normalisation and every sum of paths counts as an affine layer of its own, whose bias or constant takes its share
of the relevance. Contributions, not weights, are told apart by sign, so negative inputs are met as they are. Relevance
starts, and passes gates, as in `relevance.py`.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Attribution, Context, MethodTags, NonNegative, Positive, Target, bounded
from bench.passes import gradient
from methods._rules import Rule, epsilon, intercepted, taken_by_the_signal
from methods._rules.call import Call
from methods._rules.shares import CONVOLUTIONS, alpha_beta, gamma


def _tags(*laws: str) -> MethodTags:
    return MethodTags(
        "relevance",
        "contribution",
        laws=frozenset({"implementation", "refusal", *laws}),
        reference_class="zero",
        cost="forward + backward",
    )


@bounded
@dataclass(frozen=True)
class LRPAlphaBeta:
    """LRP alpha-beta: supporting and opposing contributions weighed apart.

    A unit without contributions of a sign loses (or, for the negative, doubles up) that part of its relevance.
    """

    beta: NonNegative = 1.0

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Bach et al. 2015, PLOS ONE, eq. 60"
    summary: ClassVar[str] = "R_i = sum_j ((1 + beta) z_ij+ / z_j+ - beta z_ij- / z_j-) R_j, so alpha = 1 + beta."
    tags: ClassVar[MethodTags] = _tags("scale")
    note: ClassVar[str] = "alpha = 1 + beta; z+ and z- hold the bias by its sign; doubles up where nothing opposes"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Relevance (N, 1, D, H, W) in score and its multiplier, R = x * M."""
        return _relevance(model, inputs, target, alpha_beta(self.beta))


@dataclass(frozen=True)
class LRPZPlus:
    """LRP z+: relevance along supporting contributions."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Montavon et al. 2017, Pattern Recognition 65:211, z+ rule; Bach et al. 2015, PLOS ONE"
    summary: ClassVar[str] = "R_i = sum_j z_ij+ / z_j+ R_j: alpha-beta with beta 0, positive biases in z_j+."
    tags: ClassVar[MethodTags] = _tags("scale")
    note: ClassVar[str] = "alpha-beta with beta 0; blind to what opposes"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Relevance (N, 1, D, H, W) in score and its multiplier, R = x * M."""
        return _relevance(model, inputs, target, alpha_beta(0.0))


@bounded
@dataclass(frozen=True)
class LRPGamma:
    """LRP-gamma: relevance that favours contributions of the output's sign.

    Biases are favoured like contributions. With gamma 0 it is LRP-0, with gamma towards infinity z+ where y_j > 0.
    """

    gamma: NonNegative = 0.25

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Montavon et al. 2019, Layer-wise relevance propagation: an overview; "
        "Andeol et al. 2021, arXiv:2108.11229 (both signs)"
    )
    summary: ClassVar[str] = (
        "R_i = sum_j (z_ij + gamma z_ij*) / (y_j + gamma z_j*) R_j, z* the contributions of the sign of y_j."
    )
    tags: ClassVar[MethodTags] = _tags("scale", "sign")
    note: ClassVar[str] = "between LRP-0 (gamma 0) and z+; biases are favoured like contributions"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Relevance (N, 1, D, H, W) in score and its multiplier, R = x * M."""
        return _relevance(model, inputs, target, gamma(self.gamma))


@bounded
@dataclass(frozen=True)
class LRPEpsilonPlus:
    """LRP composite of z+ and epsilon."""

    epsilon: Positive = 0.01

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Kohlbrenner et al. 2020, Towards best practice in explaining neural networks, IJCNN"
    summary: ClassVar[str] = (
        "The composite of z+ at convolutions and epsilon at every other affine layer; epsilon as in LRP-epsilon."
    )
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = "composite: z+ at convolutions, epsilon elsewhere"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Relevance (N, 1, D, H, W) in score and its multiplier, R = x * M."""
        plus, dense = alpha_beta(0.0), epsilon(self.epsilon)

        def rule(call: Call) -> Tensor:
            return (plus if call.name in CONVOLUTIONS else dense)(call)

        return _relevance(model, inputs, target, rule)


def _relevance(model: nn.Module, inputs: Tensor, target: Target, affine: Rule) -> Attribution:
    run = intercepted(model, {"affine": affine, "gated": taken_by_the_signal})
    multiplier = gradient(model, inputs, target, run)
    return Attribution((multiplier * inputs.detach()).contiguous(), multiplier)
