"""Layer-wise relevance propagation. Every normalisation counts as an affine layer of its own; biases take their share.

Relevance starts from the outputs times the derivative of the explained score (z1 for one class, z1 and -z0 for a
contrast), and what biases absorb is lost, so the map sums to the score only in networks without biases. Where a sigmoid
or softmax weighs a signal, the signal takes all relevance and the gate none: why it is open is not explained. Norms by
the image's own spread, smooth activations and attention are met as gates and what they weigh (`_rules/written.py`).
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Attribution, Context, MethodTags, Positive, Target, bounded
from bench.passes import gradient
from methods._rules import epsilon, intercepted, taken_by_the_signal


@dataclass(frozen=True)
class LRP0:
    """LRP-0: relevance in proportion to contributions.

    In networks of affine layers, ReLU and pooling this equals gradient x input, biases or not (tested against a plain
    propagation of relevances), and with gates, norms, attention and smooth activations that with every gate, spread,
    weight and slope from zero held still; networks with anything else are refused.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Bach et al. 2015, On pixel-wise explanations by layer-wise relevance propagation, PLOS ONE"
    )
    summary: ClassVar[str] = "R_i = sum_j x_i w_ij R_j / y_j at every affine layer y = Wx + b, the bias kept in y."
    tags: ClassVar[MethodTags] = MethodTags(
        "relevance",
        "contribution",
        laws=frozenset({"linear", "scale", "sign", "shift", "implementation", "refusal"}),
        reference_class="zero",
        cost="forward + backward",
    )
    note: ClassVar[str] = "equals gradient x input in ReLU networks; biases absorb their share"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Relevance (N, 1, D, H, W) in score and its multiplier, R = x * M."""
        multiplier = gradient(model, inputs, target, intercepted(model, {"gated": taken_by_the_signal}))
        return Attribution((multiplier * inputs.detach()).contiguous(), multiplier)


@bounded
@dataclass(frozen=True)
class LRPEpsilon:
    """LRP-epsilon: relevance damped at weak outputs.

    epsilon is in units of the layers' outputs, the same at every layer.
    """

    epsilon: Positive = 0.01

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Bach et al. 2015, On pixel-wise explanations by layer-wise relevance propagation, PLOS ONE, eq. 58"
    )
    summary: ClassVar[str] = "R_i = sum_j x_i w_ij R_j / (y_j + epsilon sign(y_j)): weak outputs y_j pass on less."
    tags: ClassVar[MethodTags] = MethodTags(
        "relevance",
        "contribution",
        laws=frozenset({"sign", "implementation", "refusal"}),
        reference_class="zero",
        cost="forward + backward",
    )
    note: ClassVar[str] = "epsilon in units of layer outputs; every normalisation is a layer of its own"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Relevance (N, 1, D, H, W) in score and its multiplier, R = x * M."""
        run = intercepted(model, {"affine": epsilon(self.epsilon), "gated": taken_by_the_signal})
        multiplier = gradient(model, inputs, target, run)
        return Attribution((multiplier * inputs.detach()).contiguous(), multiplier)
