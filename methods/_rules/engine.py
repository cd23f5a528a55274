"""Runs a network while every operation on the image's descendants is seen, checked and given to its rule."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from bench.contracts import Unsupported
from methods._rules.call import Call, tensors_in, with_tensors
from methods._rules.operations import QUERIES, OperationKind, kind_of

#: computes an operation in its own way, usually the plain result with another backward pass
Rule = Callable[[Call], Any]


def intercepted(model: nn.Module, rules: Mapping[OperationKind, Rule]) -> Callable[[Tensor], Tensor]:
    """The model's forward pass with rules in place of the listed kinds of operation, to be differentiated.

    Gates are constants where there is a rule for signals that they weigh (`gated`), and have no rule elsewhere.

    Raises Unsupported where the network is compiled, or uses an operation on the image that has no rule: a map by
    rules that some layer ignored would look fine and be wrong.
    """

    def run(image: Tensor) -> Tensor:
        for part in model.modules():
            if isinstance(part, torch.jit.ScriptModule) or hasattr(part, "_orig_mod"):
                raise Unsupported(f"rules cannot see into the compiled {type(part).__name__}; give the plain network")
        mode = _Interception(rules, image)
        try:
            with mode:
                outputs = model(image)
        finally:
            mode.check()
        return mode.result(outputs)

    return run


class _Interception(TorchFunctionMode):
    """Tracks the tensors that descend from the image, by identity.

    In-place operations are carried out beside: the written tensor keeps its identity and `value` names what it now is.
    Other views of the memory it should have written are stale, and their use is refused. Gates carry no derivative,
    and all that is computed of gates alone is one.
    """

    def __init__(self, rules: Mapping[OperationKind, Rule], image: Tensor):
        super().__init__()
        self.rules = rules
        self.value = {id(image): image}
        self.kept = [image]
        self.stale: set[int] = set()
        self.gates: set[int] = set()
        self.refusal: Unsupported | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        call = Call.of(func, args, kwargs or {})
        tracked = [t for t in call.tensors() if id(t) in self.value]
        if not tracked:
            return func(*args, **(kwargs or {}))
        gates = tuple(now for t in tracked if id(now := self._now(t)) in self.gates)
        signals = tuple(now for t in tracked if id(now := self._now(t)) not in self.gates)
        current = replace(call.with_tensors(self._now), tracked=signals, gates=gates)
        if call.name in QUERIES:
            return current()
        if any(id(t) in self.stale for t in tracked):
            raise self._refused(
                f"'{call.name}' reads a view of a tensor that was written in place; no rule follows that"
            )
        if not torch.is_grad_enabled():
            raise self._refused(f"'{call.name}' runs without gradients (no_grad or a custom autograd function)")
        return self._track(self._apply(current), call.changes)

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
        return self._now(outputs)

    def _refused(self, why: str) -> Unsupported:
        self.refusal = self.refusal or Unsupported(why)
        return self.refusal

    def _apply(self, call: Call) -> Any:
        kind = kind_of(call)
        if kind is None or (kind in ("gate", "gated") and "gated" not in self.rules):
            raise self._refused(f"there is no rule for the operation '{call.name}' as this network uses it")
        if kind != "gate":
            return self.rules.get(kind, Call.__call__)(call)
        result = with_tensors(call(), Tensor.detach)
        self.gates |= {id(t) for t in tensors_in(result)}
        return result

    def _now(self, tensor: Tensor) -> Tensor:
        return self.value.get(id(tensor), tensor)

    def _track(self, result: Any, changes: Tensor | None) -> Any:
        """Notes the results as descendants; after an in-place operation the written tensor stands for its result."""
        if changes is None:
            for tensor in tensors_in(result):
                self.value[id(tensor)] = tensor
                self.kept.append(tensor)
            return result
        written = {_memory(changes), _memory(self._now(changes))}
        self.stale |= {id(t) for t in self.kept if t is not changes and _memory(t) in written}
        self.value[id(changes)] = result
        self.kept += [changes, result]
        return changes


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
