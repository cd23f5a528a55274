"""Volumes that feed the readout: those of a pass that the score hears as signals, and not as weights of others.

Autograd's account of the pass is walked back from the score. At a product of a signal and a gate, which is made by a
sigmoid or softmax, only the signal is followed.
"""

from collections.abc import Iterable, Sequence

from torch import Tensor
from torch.autograd.graph import Node

_PRODUCTS = ("MulBackward", "BmmBackward", "MmBackward")
_GATES = ("SigmoidBackward", "SoftmaxBackward", "HardsigmoidBackward")
#: what leaves a gate a gate: moved, scaled, summed or resized
_PASSING = (
    "View", "UnsafeView", "Reshape", "Alias", "Expand", "Unsqueeze", "Squeeze", "Permute", "Transpose", "TBackward",
    "Slice", "Select", "Clone", "ToCopy", "Cat", "Stack", "Split", "Unbind", "Add", "Sub", "Rsub", "Mul", "Div", "Neg",
    "Sum", "Mean", "Upsample",
)  # fmt: skip
_PARAMETER = "AccumulateGrad"


def last_heard(nodes: Sequence[Node | None], score: Tensor) -> int:
    """The number, from 1, of the last of these nodes that the score hears as a signal; 0 where it hears none."""
    heard = _heard(score.grad_fn)
    return max((number for number, node in enumerate(nodes, 1) if node in heard), default=0)


def _heard(end: Node | None) -> set[Node]:
    heard: set[Node] = set()
    gates: dict[Node, bool] = {}
    waiting = [end] if end else []
    while waiting:
        node = waiting.pop()
        if node not in heard:
            heard.add(node)
            waiting += _signals(node, gates)
    return heard


def _signals(node: Node, gates: dict[Node, bool]) -> list[Node]:
    """The nodes that a node reads, without gates that weigh another."""
    read = _read(node)
    if not node.name().startswith(_PRODUCTS):
        return read
    return [r for r in read if not r.name().startswith(_PARAMETER) and not _is_gate(r, gates)] or read


def _is_gate(end: Node, gates: dict[Node, bool]) -> bool:
    """True for what is computed of sigmoids and softmaxes alone."""
    waiting = [end]
    while waiting:
        node = waiting[-1]
        read = _computed(_read(node)) if node.name().startswith(_PASSING) else []
        if unknown := [r for r in read if r not in gates]:
            waiting += unknown
            continue
        gates[node] = node.name().startswith(_GATES) or (bool(read) and all(gates[r] for r in read))
        waiting.pop()
    return gates[end]


def _read(node: Node) -> list[Node]:
    return [parent for parent, _ in node.next_functions if parent is not None]


def _computed(nodes: Iterable[Node]) -> list[Node]:
    return [node for node in nodes if not node.name().startswith(_PARAMETER)]
