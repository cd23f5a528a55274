"""What a map costs, from the formula a method declares."""

from collections.abc import Sequence
from math import ceil
from typing import Any

from bench.contracts import Method
from bench.passes.counting import Passes


class _Names(dict[str, Any]):
    """Names a formula may use: `forward`, `backward`, `D`, `H`, `W`, `ceil` and the method's own attributes."""

    def __init__(self, method: Method, **names: Any):
        super().__init__(names)
        self.method = method

    def __missing__(self, name: str) -> Any:
        return getattr(self.method, name)


def cost_of(method: Method, shape: Sequence[int]) -> Passes:
    """Passes a map by the method's `tags.cost` on a grid (D, H, W), e.g. `"steps * (forward + backward)"`."""
    depth, height, width = shape
    grid = {"D": depth, "H": height, "W": width, "ceil": ceil}

    def count(forward: int, backward: int) -> int:
        names = _Names(method, forward=forward, backward=backward, **grid)
        return int(eval(method.tags.cost, {"__builtins__": {}}, names))

    return Passes(forward=count(1, 0), backward=count(0, 1))
