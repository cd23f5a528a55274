"""A device that is not the CPU, for machines that have no other: it computes on the CPU and refuses what CUDA refuses.

Its tensors say that they lie on `meta`. Each holds one in main memory, which every operation is handed on to, so that
values are those of the CPU to the bit. Refused, by the name of the operation: tensors of both places in one operation,
save single numbers and indices, as on CUDA; memory that NumPy would share; numbers drawn on the device, which a GPU
would draw otherwise. Dropout alone draws there, as its mask is made inside torch.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta", 0)
ATEN = torch.ops.aten
#: what copies from one place to the other
COPIES = {ATEN.copy_.default, ATEN._to_copy.default}
#: what takes indices, as its second argument; those in main memory may be of a tensor on the device
INDEXED = {op.default for op in (ATEN.index_put, ATEN.index_put_, ATEN._index_put_impl_)}
INDEXED |= {ATEN.index.Tensor, ATEN._unsafe_index.Tensor}
#: how dropout draws its mask
DROPOUT = {ATEN.bernoulli_.float, ATEN.native_dropout.default}
#: what torch fills with numbers of Python where no mode sees it
FILLED = {torch.tensor, torch.as_tensor, torch.asarray}
MEND = "copy it to main memory first, with .cpu()"


class Misplaced(RuntimeError):
    """What a GPU would refuse, or draw otherwise."""


class StandIn(Tensor):
    """A tensor on the device; held: the same in main memory."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "StandIn":
        laid = {"strides": held.stride(), "storage_offset": held.storage_offset()}
        return Tensor._make_wrapper_subclass(cls, held.shape, dtype=held.dtype, device=DEVICE, **laid)

    def __init__(self, held: Tensor) -> None:
        self.held = held

    is_meta = property(lambda self: False)
    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(func, args, kwargs or {})

    def __repr__(self, **_: Any) -> str:
        return f"StandIn({self.held!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            copy = self.detach().clone()
            is_parameter = isinstance(self, nn.Parameter)
            memo[id(self)] = nn.Parameter(copy) if is_parameter else copy
            memo[id(self)].requires_grad_(self.requires_grad)
        return memo[id(self)]

    # torch makes lists of indices into tensors where no mode sees it
    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(_indices(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(_indices(index), value)

    def new_tensor(self, data: Any, *, dtype: Any = None, **_: Any) -> Tensor:
        return torch.tensor(data, dtype=dtype or self.dtype).to(DEVICE)

    def data_ptr(self) -> int:
        return self.held.data_ptr()

    def untyped_storage(self) -> Any:
        return self.held.untyped_storage()

    def tolist(self) -> Any:
        return self.held.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        raise Misplaced(f"numpy() of a tensor on the device; {MEND}")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise Misplaced(f"NumPy is given a tensor on the device; {MEND}")


class Device(TorchDispatchMode):
    """While it is entered, what is made on `DEVICE` is made of stand-ins."""

    def __enter__(self) -> "Device":
        self._filling = _Filling()
        self._filling.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._filling.__exit__(*error)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(func, args, kwargs or {})


class _Filling(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        device = (kwargs or {}).get("device")
        if func not in FILLED or device is None or torch.device(device).type != DEVICE.type:
            return func(*args, **(kwargs or {}))
        return func(*args, **{**kwargs, "device": "cpu"}).to(DEVICE)


def computed(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """One operation on the tensors held; its result lies where its arguments do, or where it is asked for."""
    _check_places(func, args, kwargs)
    given = [value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
    asked = kwargs.get("device")
    on_device = any(map(_is_there, given)) if asked is None else torch.device(asked).type == DEVICE.type
    if on_device and torch.Tag.nondeterministic_seeded in func.tags and func not in DROPOUT:
        raise Misplaced(f"{func} draws on the device; draw in main memory and copy")
    args_held, kwargs_held = tree_map(lambda value: value.held if _is_there(value) else value, (args, kwargs))
    if asked is not None and on_device:
        kwargs_held["device"] = torch.device("cpu")
    result = func(*args_held, **kwargs_held)
    if func is ATEN.copy_.default:
        return args[0]
    if not on_device:
        return result
    wrapped = tree_map(lambda value: StandIn(value) if isinstance(value, Tensor) else value, result)
    return return_and_correct_aliasing(func, args, kwargs, wrapped)


def _check_places(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise Misplaced where tensors of both places meet that may not."""
    if func in COPIES:
        return
    first, *others = args if func in INDEXED else ((args, kwargs),)
    indices = [value for value in tree_leaves(others[:1]) if isinstance(value, Tensor)]
    if indices and not _is_there(first) and any(map(_is_there, indices)):
        raise Misplaced(f"{func}: an index on the device of a tensor in main memory; {MEND}")
    meeting = [value for value in tree_leaves((first, others[1:])) if isinstance(value, Tensor)]
    away = [value for value in meeting if not _is_there(value) and value.dim()]
    if away and len(away) < len(meeting) and any(map(_is_there, meeting)):
        raise Misplaced(f"{func} meets a tensor {tuple(away[0].shape)} in main memory beside one on the device")


def _is_there(value: Any) -> bool:
    if isinstance(value, Tensor) and value.is_meta:
        raise Misplaced("torch made a tensor on `meta` where no mode sees it; the stand-in has to learn how")
    return isinstance(value, StandIn)


def _indices(index: Any) -> Any:
    """An index with tensors in place of lists."""
    if isinstance(index, tuple):
        return tuple(map(_indices, index))
    return torch.tensor(index) if isinstance(index, list) else index
