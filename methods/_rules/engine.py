"""Runs a network while every operation on the image's descendants is seen, checked and given to its rule."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node, disable_saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from bench.contracts import Unsupported
from bench.passes import alike, one_tensor
from bench.passes.nested import tensors_in
from methods._rules.call import Call, with_tensors
from methods._rules.operations import QUERIES, OperationKind, kind_of
from methods._rules.written import WRITTEN

#: computes an operation in its own way, usually the plain result with another backward pass
Rule = Callable[[Call], Any]

#: kinds that pass on their derivative where they have no rule
_DERIVED = ("affine", "relu", "pick", "move")
#: what becomes of kinds without a rule where gates are constants
_CONSTANT = {"gate": "gate", "softmax": "gate", "product": "score", "score": "score"}

_CHECKPOINTED = "rules cannot follow torch's checkpoint, which computes a part anew out of sight; run without it"


def intercepted(model: nn.Module, rules: Mapping[OperationKind, Rule]) -> Callable[[Tensor], Tensor]:
    """The model's forward pass with rules in place of the listed kinds of operation, to be differentiated.

    Where there is a rule for signals that gates weigh (`gated`), gates are constants, softmaxes are gates, and what has
    no rule is written out in gates and what they weigh (`written`). Elsewhere these have no rule.

    Raises Unsupported where the network is compiled, recomputes parts by `checkpoint`, uses an operation on the image
    that has no rule, or gives other outputs when it is followed than it gives alone: a map by rules that some layer
    ignored would look fine and be wrong.
    """

    def run(image: Tensor) -> Tensor:
        for part in model.modules():
            if isinstance(part, torch.jit.ScriptModule) or hasattr(part, "_orig_mod"):
                raise Unsupported(f"rules cannot see into the compiled {type(part).__name__}; give the plain network")
        mode = _Interception(rules, image)
        try:
            with disable_saved_tensors_hooks(_CHECKPOINTED), mode:
                outputs = model(image)
        except RuntimeError as error:
            raise Unsupported(_CHECKPOINTED) if _CHECKPOINTED in str(error) else error from None
        finally:
            mode.check()
        result = mode.result(one_tensor(outputs))
        _compare(result, model, image)
        return result

    return run


def _compare(outputs: Tensor, model: nn.Module, image: Tensor) -> None:
    """Raises Unsupported where the outputs are not those of a plain pass, which is not counted."""
    with torch.no_grad():
        plain = one_tensor(model.forward(image))
    if not alike(outputs, plain):
        raise Unsupported("followed operation by operation the network gives other outputs than it gives alone")


class _Interception(TorchFunctionMode):
    """Tracks the tensors that descend from the image, by identity.

    In-place operations are carried out beside: the written tensor keeps its identity and `value` names what it now is.
    Other views of the memory it should have written are stale, and their use is refused, also that of a buffer a view
    of which was written. Gates carry no derivative, and all that is computed of gates alone is one; nor do scores,
    which become gates. A tensor that descends from the image and was not seen on the way is refused.
    """

    def __init__(self, rules: Mapping[OperationKind, Rule], image: Tensor):
        super().__init__()
        self.rules = rules
        self.value = {id(image): image}
        self.kept = [image]
        self.written: set[int] = set()
        self.gates: set[int] = set()
        self.scores: set[int] = set()
        self.constant: set[Node] = set()
        self.refusal: Unsupported | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        call = Call.of(func, args, kwargs or {})
        tensors = list(call.tensors())
        tracked = [t for t in tensors if id(t) in self.value]
        if call.name not in QUERIES and any(map(self._stale, tensors)):
            raise self._refused(
                f"'{call.name}' reads a view of a tensor that was written in place; no rule follows that"
            )
        if not tracked:
            return func(*args, **(kwargs or {}))
        current = self._sorted(call, [self._now(t) for t in tracked])
        if call.name in QUERIES:
            return current()
        if any(self._unseen(t) for t in tensors if id(t) not in self.value):
            raise self._refused(
                f"'{call.name}' reads what was computed of the image out of sight, as by torch.jit.script or vmap; "
                "no rule follows that"
            )
        if not torch.is_grad_enabled():
            raise self._refused(
                f"'{call.name}' runs without gradients (no_grad, checkpoint or a custom autograd function)"
            )
        apart = (
            call.name in WRITTEN and current.tracked and "gated" in self.rules and kind_of(current) not in self.rules
        )
        return self._track(self._written(call) if apart else self._apply(current), call.changes)

    def check(self) -> None:
        """Raises the refusal: torch's operators turn a TypeError, and so Unsupported, into one of their own."""
        if self.refusal is not None:
            raise self.refusal

    def result(self, outputs: Tensor) -> Tensor:
        """The outputs as the rules left them."""
        if id(outputs) not in self.value:
            raise Unsupported("no operation between image and outputs was seen; the network computes outside torch")
        if id(self._now(outputs)) in self.gates:
            raise Unsupported("the outputs come out of a sigmoid or softmax; rules explain what goes into it")
        if id(self._now(outputs)) in self.scores:
            raise Unsupported("the outputs are a product of activations, for which there is no rule")
        return self._now(outputs)

    def _sorted(self, call: Call, tracked: list[Tensor]) -> Call:
        """The call with every argument as it now is, those of the image told apart."""
        gates = tuple(t for t in tracked if id(t) in self.gates)
        scores = tuple(t for t in tracked if id(t) in self.scores)
        signals = tuple(t for t in tracked if id(t) not in self.gates | self.scores)
        return replace(call.with_tensors(self._now), tracked=signals, gates=gates, scores=scores)

    def _refused(self, why: str) -> Unsupported:
        self.refusal = self.refusal or Unsupported(why)
        return self.refusal

    def _apply(self, call: Call) -> Any:
        kind = kind_of(call)
        if kind is not None and (kind in self.rules or kind in _DERIVED):
            return self._by_rule(kind, call)
        if kind not in _CONSTANT or "gated" not in self.rules:
            raise self._refused(f"there is no rule for the operation '{call.name}' as this network uses it")
        result = with_tensors(call(), Tensor.detach)
        (self.gates if _CONSTANT[kind] == "gate" else self.scores).update(id(t) for t in tensors_in(result))
        return result

    def _written(self, call: Call) -> Any:
        """The result by operations that are met one by one, each tensor as it was before it was written in place."""
        try:
            with self:
                return WRITTEN[call.name](call)
        except Unsupported as error:
            raise self._refused(str(error)) from error

    def _by_rule(self, kind: OperationKind, call: Call) -> Any:
        try:
            return self.rules.get(kind, Call.__call__)(call)
        except Unsupported as error:
            raise self._refused(str(error)) from error

    def _stale(self, tensor: Tensor) -> bool:
        """True for a view of memory that an in-place operation should have written."""
        return bool(self.written) and _memory(self._now(tensor)) in self.written

    def _unseen(self, tensor: Tensor) -> bool:
        """True for a tensor that descends from the image by autograd's account."""
        seen, waiting = self.constant, [tensor.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is None or node in seen:
                continue
            if getattr(node, "variable", None) is self.kept[0]:
                return True
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
        return False

    def _now(self, tensor: Tensor) -> Tensor:
        return self.value.get(id(tensor), tensor)

    def _track(self, result: Any, changes: Tensor | None) -> Any:
        """Notes the results as descendants; after an in-place operation the written tensor stands for its result."""
        if changes is None:
            for tensor in tensors_in(result):
                self.value[id(tensor)] = tensor
                self.kept.append(tensor)
            return result
        self.written |= {_memory(changes), _memory(self._now(changes))} - {_memory(result), 0}
        self.value[id(changes)] = result
        self.kept += [changes, result]
        return changes


def _memory(tensor: Tensor) -> int:
    """The address of a tensor's memory, 0 where it has none."""
    return tensor.untyped_storage().data_ptr() if tensor.layout is torch.strided else 0
