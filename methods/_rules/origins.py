"""Origins of tensors, value by value: they tell a gate from an activation that is written as a product.

x * sigmoid(x) weighs a tensor by a function of each of its own values. That is an activation, SiLU, and no gate.
"""

from torch import Tensor

from methods._rules.call import Call
from methods._rules.operations import OPERATIONS
from methods._rules.shares import ELEMENTWISE


class Origins:
    """The tensor of which another is a function, each value of one value; tensors are held by who asks."""

    def __init__(self) -> None:
        self.root: dict[int, int] = {}

    def note(self, call: Call, result: object) -> None:
        """Keeps the origin of a result that is computed value by value of one tensor."""
        read = {id(t): t for t in (*call.tracked, *call.gates)}
        if len(read) != 1 or not isinstance(result, Tensor):
            return
        (argument,) = read.values()
        kind, _ = OPERATIONS[call.name]
        alone = kind in ("relu", "move") or call.name in ELEMENTWISE or call.name == "sigmoid"
        if alone and result.numel() == argument.numel():
            self.root[id(result)] = self._of(argument)

    def weighs_itself(self, call: Call) -> bool:
        """True for a product of a signal and a gate that are functions of the same values."""
        return not {self._of(t) for t in call.tracked}.isdisjoint(self._of(t) for t in call.gates)

    def _of(self, tensor: Tensor) -> int:
        return self.root.get(id(tensor), id(tensor))
