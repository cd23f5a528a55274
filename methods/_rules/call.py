"""One torch operation of a forward pass, in a single form however it was written."""

import inspect
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from bench.passes.nested import tensors_in

_REFLECTED = {"__rsub__": "sub", "__rpow__": "pow", "__rdiv__": "div", "__rtruediv__": "div", "__rmatmul__": "matmul"}
_ASSIGNING = {
    "__iadd__": operator.add,
    "__isub__": operator.sub,
    "__imul__": operator.mul,
    "__itruediv__": operator.truediv,
}


@dataclass(frozen=True)
class Call:
    """`func(*args, **kwargs)`, free of side effects.

    changes: the tensor the original call wrote in place. tracked: the arguments that descend from the image. gates:
    those that do so through a gate, and stand for constants. scores: those that a softmax will make into gates.
    """

    name: str
    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    changes: Tensor | None = None
    tracked: tuple[Tensor, ...] = ()
    gates: tuple[Tensor, ...] = ()
    scores: tuple[Tensor, ...] = ()

    def __call__(self) -> Any:
        """The plain result."""
        return self.func(*self.args, **self.kwargs)

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor among the arguments, also inside lists and tuples."""
        yield from tensors_in((self.args, tuple(self.kwargs.values())))

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """An argument given by position or by name."""
        return self.args[position] if len(self.args) > position else self.kwargs.get(name, default)

    def with_tracked(self, change: Callable[[Tensor], Tensor]) -> Any:
        """The result with every argument that descends from the image changed."""
        return self.with_tensors(lambda t: change(t) if self.follows(t) else t)()

    def with_constants(self, change: Callable[[Tensor], Tensor]) -> "Call":
        """The call with every other tensor changed."""
        return self.with_tensors(lambda t: t if self.follows(t) else change(t))

    def with_tensors(self, change: Callable[[Tensor], Tensor]) -> "Call":
        """The call with every tensor among the arguments changed."""
        keywords = {name: with_tensors(value, change) for name, value in self.kwargs.items()}
        return replace(self, args=with_tensors(self.args, change), kwargs=keywords)

    def follows(self, tensor: Tensor) -> bool:
        """True for an argument that descends from the image."""
        return any(tensor is t for t in self.tracked)

    @classmethod
    def of(cls, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> "Call":
        """The call in its form without side effects: `x += y`, `x.add_(y)`, `torch.add(x, y)` are all `add`."""
        name = getattr(func, "__name__", str(func))
        if name == "__get__":
            return cls(f".{getattr(func, '__self__', func).__name__}", func, args, kwargs)
        if name in _REFLECTED:
            return cls(_REFLECTED[name], func, args, kwargs)
        if name in _ASSIGNING:
            return cls(_ASSIGNING[name].__name__, _ASSIGNING[name], args, kwargs, args[0])
        if isinstance(func, FunctionType) and "inplace" in (parameters := inspect.signature(func).parameters):
            given = dict(zip(parameters, args, strict=False)) | kwargs
            writes = given.pop("inplace", False)
            return cls(name, func, (), given, given["input"] if writes else None)
        plain = name.removesuffix("_")
        if name != plain and not name.startswith("_") and hasattr(torch, plain):
            return cls(plain, getattr(torch, plain), args, kwargs, args[0])
        return cls(name, func, args, kwargs)


def with_tensors(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same nested value with every tensor changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, list):
        return [with_tensors(part, change) for part in value]
    if type(value) is tuple:
        return tuple(with_tensors(part, change) for part in value)
    return value
