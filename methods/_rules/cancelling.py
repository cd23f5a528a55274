"""DeepLIFT's RevealCancel rule: parts of a difference have slopes of their own, by sign, at an activation.

The reference's pass comes before the image's, as in `differences`.
"""

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from methods._rules.activations import Activation, activation_of, rescaled_smoothly
from methods._rules.call import Call
from methods._rules.differences import References, picked, rescaled
from methods._rules.engine import Rule
from methods._rules.folding import folded
from methods._rules.operations import OperationKind
from methods._rules.shares import over, parts, with_shares


def revealing(references: References) -> Mapping[OperationKind, Rule]:
    """The rules of one pass, batch norm folded into its convolution.

    At an activation f of r + P + N, r the reference's input, P and N what contributions of either sign bring, the
    output changes by d+ = ((f(r + P) - f(r)) + (f(r + P + N) - f(r + N))) / 2 through P, and likewise by d- through N:
    slopes d+ / P and d- / N (Shrikumar et al. 2017, section 3.5.2). One that reads no affine operation has the rescale
    rule.
    """
    known: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    def affine(call: Call) -> Tensor:
        y: Tensor = call()
        # y is held, so that no other can take its address while it is a key
        known[id(y)] = (y, *parts(_difference(call, references.of(call)))[:2])
        return y

    def activated(call: Call, otherwise: Rule) -> Tensor:
        x = call.argument(0, "input")
        if id(x) not in known:
            return otherwise(call)  # type: ignore[no-any-return]
        (start,) = references.of(call)
        (_, up, down), of = known[id(x)], activation_of(call)
        rise = _change(of, start, up.detach(), down.detach())
        fall = _change(of, start, down.detach(), up.detach())
        return with_shares(of(x), (up, over(rise, up.detach())), (down, over(fall, down.detach())))

    return {
        "affine": folded(affine),
        "relu": lambda call: activated(call, rescaled(references)),
        "smooth": lambda call: activated(call, rescaled_smoothly(references)),
        "pick": picked(references),
    }


def _difference(call: Call, reference: tuple[Tensor, ...]) -> Call:
    """The call on image less reference."""
    rises = {id(t): t - start for t, start in zip(call.tracked, reference, strict=True)}
    changed = call.with_tensors(lambda t: rises.get(id(t), t))
    return replace(changed, tracked=tuple(rises[id(t)] for t in call.tracked))


def _change(of: Activation, start: Tensor, part: Tensor, other: Tensor) -> Tensor:
    """The change of the activation's output through one part, with the other absent and present by halves."""
    alone = of(start + part) - of(start)
    after = of(start + part + other) - of(start + other)
    return (alone + after) / 2
