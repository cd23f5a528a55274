"""Helpers of entrants: their library, one map per output, and the layer a user would name."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.library import Library

from bench.contracts import BadInput, Target, Unsupported
from bench.passes import differentiable, explained, leaf, row_of

#: images (n, 1, D, H, W), and an output or one per image, to a map of the same shape
ExplainOutput = Callable[[Tensor, Any], Tensor]

#: operators that torchvision asks for when it is imported, and lacks where it was built for another build of torch
_OPERATORS = ("nms", "qnms")
_DECLARED: list[Library] = []


def library(name: str, package: str) -> Any:
    """The module `name`; raises BadInput where its package is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise BadInput(
            f"'{name}' cannot be imported ({error}); install {package} with: pip install -e '.[entrants]'"
        ) from error


def behind_torchvision(name: str, package: str) -> Any:
    """A module that imports torchvision though it computes nothing with it here.

    The usual torchvision beside a CPU build of torch stops at operators that it lacks; they are declared.
    """
    try:
        return library(name, package)
    except RuntimeError:
        fragment = Library("torchvision", "FRAGMENT")
        for operator in _OPERATORS:
            fragment.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _DECLARED.append(fragment)
        return library(name, package)


def by_output(model: nn.Module, inputs: Tensor, target: Target, explain: ExplainOutput) -> Tensor:
    """Map (N, 1, D, H, W) of a library that explains one output: for a contrast the difference of two of its maps."""
    with differentiable(model), _refusing(model, target):
        images = leaf(model, inputs)
        if isinstance(target, tuple):
            return as_map(as_map(explain(images, target[0])) - as_map(explain(images, target[1])), inputs)
        return as_map(explain(images, target), inputs)


def by_row(model: nn.Module, inputs: Tensor, target: Target, explain: ExplainOutput) -> Tensor:
    """As `by_output`, of a library that takes one image at a time."""
    rows = [by_output(model, image[None], row_of(target, row, inputs), explain) for row, image in enumerate(inputs)]
    return torch.cat(rows)


def as_map(values: Any, like: Tensor | None = None) -> Tensor:
    """The map a library returned, as a detached tensor of the images' type."""
    tensor = torch.as_tensor(values).detach()
    return tensor if like is None else tensor.to(like).contiguous()


def last_convolution(model: nn.Module) -> str:
    """The name of the last 3D convolution by definition; raises Unsupported where there is none."""
    names = [name for name, module in model.named_modules() if isinstance(module, nn.Conv3d)]
    if not names:
        raise Unsupported("the network has no 3D convolution to name as the target layer")
    return names[-1]


@contextmanager
def _refusing(model: nn.Module, target: Target) -> Iterator[None]:
    """Refuses a class that does not exist, which libraries count from the end or meet with an error of their own."""
    classes = [int(target.min()), int(target.max())] if isinstance(target, Tensor) else [target]

    def check(_: nn.Module, __: Any, outputs: Tensor) -> None:
        for chosen in classes:
            explained(outputs[:1].detach(), chosen)

    handle = model.register_forward_hook(check)
    try:
        yield
    finally:
        handle.remove()
