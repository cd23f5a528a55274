"""The explained score: the one number per image that maps, truths and metrics are about."""

import operator

import torch
from torch import Tensor

from bench.contracts import BadInput, Target, Undefined


def explained(outputs: Tensor, target: Target) -> Tensor:
    """The explained score (N,) of outputs (N, K).

    target: class c gives z_c; a contrast (c, c') gives z_c - z_c'; a tensor (N,) of classes chooses one per row.
    Raises BadInput where the outputs are not (N, K) or a class does not exist.
    """
    if outputs.ndim != 2:
        raise BadInput(
            f"the network returned outputs of shape {tuple(outputs.shape)}; give a network that returns (N, K)"
        )
    rows, classes = outputs.shape
    if isinstance(target, Tensor):
        return outputs.gather(1, _per_row(target, rows, classes).to(outputs.device)[:, None]).squeeze(1)
    if isinstance(target, int):
        return outputs[:, _class(target, classes)]
    if len(target) != 2:
        raise BadInput(f"the target {tuple(target)} is no contrast; give one class, two classes (c, c') or one per row")
    first, second = (_class(c, classes) for c in target)
    return outputs[:, first] - outputs[:, second]


def finite(scores: Tensor) -> Tensor:
    """The scores (N,) themselves; raises Undefined where the network gave NaN or infinity."""
    broken = int((~scores.isfinite()).sum())
    if broken:
        raise Undefined(f"the network's output is not finite for {broken} of {len(scores)} images")
    return scores


def rows_of(target: Target, rows: Tensor) -> Target:
    """The target of the chosen rows (positions (n,)); classes and contrasts hold for every row."""
    return target[rows.to(target.device)] if isinstance(target, Tensor) else target


def row_of(target: Target, row: int) -> int | tuple[int, int]:
    """The target of one row, as a class or a contrast."""
    return int(target[row]) if isinstance(target, Tensor) else target


def _class(value: int, classes: int) -> int:
    index = operator.index(value)
    if not 0 <= index < classes:
        raise BadInput(f"there is no target class {index}; the network has classes 0 to {classes - 1}")
    return index


def _per_row(target: Tensor, rows: int, classes: int) -> Tensor:
    if target.shape != (rows,) or target.is_floating_point():
        raise BadInput(
            f"the target is a {target.dtype} tensor of shape {tuple(target.shape)}; "
            f"give whole numbers of shape ({rows},), one class a row"
        )
    for value in (int(target.min()), int(target.max())):
        _class(value, classes)
    return target.to(torch.long)
