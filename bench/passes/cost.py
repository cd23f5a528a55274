"""The cost of a map, from the formula a method declares."""

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from bench.contracts import BadInput, Method
from bench.passes.counting import Passes

_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
}


def cost_of(method: Method, shape: Sequence[int]) -> Passes:
    """Passes a map by the method's `tags.cost` on a grid (D, H, W), e.g. `"steps * (forward + backward)"`.

    A formula adds, subtracts, multiplies and raises whole numbers, `forward`, `backward`, `D`, `H`, `W` and attributes
    of the method, which it may call. Raises BadInput for any other.
    """
    grid = dict(zip("DHW", shape, strict=True))
    formula = ast.parse(method.tags.cost, mode="eval").body
    counts = ((1, 0), (0, 1))
    return Passes(*(_value(formula, method, grid | {"forward": f, "backward": b}) for f, b in counts))


def _value(formula: ast.expr, method: Method, known: dict[str, int]) -> Any:
    match formula:
        case ast.Constant(value=int() as number):
            return number
        case ast.Name(id=name) if name in known or hasattr(method, name):
            return known[name] if name in known else getattr(method, name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_value(left, method, known), _value(right, method, known))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if hasattr(method, name):
            return getattr(method, name)(*(_value(argument, method, known) for argument in arguments))
    raise BadInput(
        f"{type(method).__name__}.tags.cost={method.tags.cost!r} is not possible: give sums, products and powers of "
        "whole numbers, forward, backward, D, H, W and attributes of the method"
    )
