"""The explained score: the one number per image that maps, truths and metrics are about."""

import operator
from collections.abc import Mapping

import torch
from torch import Tensor

from bench.contracts import BadInput, Target, Undefined

#: how far the outputs of two ways to run one network may lie apart by rounding, in units of the largest
ROUNDING = 1e-4


def alike(outputs: Tensor, plain: Tensor) -> bool:
    """True where outputs (N, K) of one network run in two ways differ by rounding alone.

    What is not finite must be the same in both.
    """
    largest = plain.nan_to_num(0.0, 0.0, 0.0).abs().max().item()
    return torch.allclose(outputs, plain, rtol=0, atol=ROUNDING * largest, equal_nan=True)


def one_tensor(outputs: object) -> Tensor:
    """What a network returned; raises BadInput where that is no tensor, saying how to wrap it."""
    if isinstance(outputs, Tensor):
        return outputs
    how = f"[{next(iter(outputs))!r}]" if isinstance(outputs, Mapping) and outputs else "[0]"
    raise BadInput(
        f"the network returned a {type(outputs).__name__}, and maps explain one tensor (N, K); give a module whose "
        f"forward returns that part alone, as network(x){how} does"
    )


def explained(outputs: Tensor, target: Target) -> Tensor:
    """The explained score (N,) of outputs (N, K).

    target: class c gives z_c; a contrast (c, c') gives z_c - z_c'; a tensor (N,) of classes chooses one per row.
    Raises BadInput where the outputs are not (N, K) or a class does not exist.
    """
    outputs = one_tensor(outputs)
    if outputs.ndim != 2:
        raise BadInput(
            f"the network returned outputs of shape {tuple(outputs.shape)}; give a network that returns (N, K)"
        )
    rows, classes = outputs.shape
    if isinstance(target, Tensor) and target.ndim:
        chosen = _per_row(target, rows)
        for value in (int(chosen.min()), int(chosen.max())):
            _class(value, classes)
        return outputs.gather(1, chosen.to(outputs.device)[:, None]).squeeze(1)
    if isinstance(target, tuple) and len(target) == 2:
        first, second = (_class(c, classes) for c in target)
        return outputs[:, first] - outputs[:, second]
    return outputs[:, _class(target, classes)]


def finite(scores: Tensor) -> Tensor:
    """The scores (N,) themselves; raises Undefined where the network gave NaN or infinity."""
    broken = int((~scores.isfinite()).sum())
    if broken:
        raise Undefined(f"the network's output is not finite for {broken} of {len(scores)} images")
    return scores


def rows_of(target: Target, rows: Tensor, images: Tensor) -> Target:
    """The target of the chosen rows (positions (n,)) of all images; classes and contrasts hold for every row.

    Raises BadInput for a tensor that does not hold one class an image.
    """
    if isinstance(target, Tensor) and target.ndim:
        return _per_row(target, len(images))[rows.to(target.device)]
    return target


def row_of(target: Target, row: int, images: Tensor) -> int | tuple[int, int]:
    """The target of one row, as a class or a contrast; raises BadInput as `rows_of` does."""
    chosen = rows_of(target, torch.tensor([row]), images)
    return int(chosen) if isinstance(chosen, Tensor) else chosen


def _class(value: object, classes: int) -> int:
    try:
        index = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise BadInput(
            f"the target {value!r} is no class; give a whole number, a contrast as a tuple (c, c'), "
            "or a tensor of whole numbers, one class a row"
        ) from None
    if not 0 <= index < classes:
        raise BadInput(f"there is no target class {index}; the network has classes 0 to {classes - 1}")
    return index


def _per_row(target: Tensor, rows: int) -> Tensor:
    if target.shape != (rows,) or target.is_floating_point() or target.dtype is torch.bool:
        raise BadInput(
            f"the target is a {target.dtype} tensor of shape {tuple(target.shape)}; "
            f"give whole numbers of shape ({rows},), one class a row"
        )
    return target.to(torch.long)
