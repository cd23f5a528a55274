"""Operations that the rules know, by kind, and the form in which each is understood.

An operation that is not listed, or not in its form (a dropout that drops, a product of two activations), has no rule.
"""

from collections.abc import Callable
from typing import Literal

from torch import Tensor

from methods._rules.call import Call
from methods._rules.shares import MATRIX_PRODUCTS

#: affine: output is affine in the tracked tensors together; relu: max(x, 0); pick: keeps some values, drops others;
#: move: the same values elsewhere; gate: makes weights, or moves and scales them; gated: a signal times a gate;
#: smooth: an activation, value by value; norm: by the image's own mean and spread; softmax: makes weights of signals;
#: product: a matrix product of two signals; score: such a product, scaled and moved, on its way to be weights
OperationKind = Literal[
    "affine", "relu", "pick", "move", "gate", "gated", "smooth", "norm", "softmax", "product", "score"
]
Tracked = Callable[[Tensor], bool]
Form = Callable[[Call, Tracked], bool]


def _always(call: Call, tracked: Tracked) -> bool:
    return True


def _one_factor(call: Call, tracked: Tracked) -> bool:
    """A product is affine where one factor alone depends on the image."""
    return sum(map(tracked, call.tensors())) == 1


def _constant_divisor(call: Call, tracked: Tracked) -> bool:
    divisor = call.args[0] if call.func.__name__.startswith("__r") else call.argument(1, "other")
    return not (isinstance(divisor, Tensor) and tracked(divisor)) and call.kwargs.get("rounding_mode") is None


def _constant_weights(call: Call, tracked: Tracked) -> bool:
    return not any(tracked(t) for t in call.tensors() if t is not call.argument(0, "input"))


def _running_statistics(call: Call, tracked: Tracked) -> bool:
    return not call.argument(5, "training", False) and _constant_weights(call, tracked)


def _not_dropping(call: Call, tracked: Tracked) -> bool:
    return not call.argument(2, "training", True)


def _at_zero(call: Call, tracked: Tracked) -> bool:
    low, high = call.argument(1, "min"), call.argument(2, "max")
    return isinstance(low, int | float) and low == 0 and high is None


def _linear_mode(call: Call, tracked: Tracked) -> bool:
    return call.argument(3, "mode", "nearest") in ("nearest", "nearest-exact", "linear", "bilinear", "trilinear")


_FORMS: dict[OperationKind, dict[Form, str]] = {
    "affine": {
        _constant_weights: "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d linear",
        _running_statistics: "batch_norm",
        _one_factor: "mul multiply matmul mm bmm",
        _constant_divisor: "div divide true_divide",
        _linear_mode: "interpolate",
        _always: "add sub subtract rsub neg sum mean avg_pool1d avg_pool2d avg_pool3d "
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d",
    },
    "relu": {_always: "relu", _at_zero: "clamp clamp_min"},
    "pick": {
        _always: "max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d amax"
    },
    "move": {
        _not_dropping: "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout",
        _always: "flatten unflatten reshape view squeeze unsqueeze permute transpose movedim cat concat stack chunk "
        "split unbind narrow select __getitem__ contiguous clone to float double pad expand .T .mT",
    },
    "smooth": {_always: "gelu silu elu softplus"},
    "norm": {_constant_weights: "layer_norm rms_norm group_norm instance_norm"},
    "softmax": {_always: "softmax"},
    "gate": {_always: "sigmoid slope_from_zero inverse_spread"},
}

OPERATIONS: dict[str, tuple[OperationKind, Form]] = {
    name: (kind, form) for kind, forms in _FORMS.items() for form, names in forms.items() for name in names.split()
}

#: what a product of a signal and a gate is; a gate that is used with a signal in any other way has no rule
_WEIGHED: dict[str, OperationKind] = {
    "mul": "gated",
    "multiply": "gated",
    "matmul": "affine",
    "mm": "affine",
    "bmm": "affine",
}
#: what becomes of scores
_SCORED: dict[OperationKind, OperationKind] = {"affine": "score", "move": "score", "softmax": "gate", "gate": "gate"}

_METHODS = """size dim ndimension numel nelement stride storage_offset is_contiguous is_floating_point is_complex
get_device element_size __len__ register_hook"""
_ATTRIBUTES = """.shape .dtype .device .ndim .requires_grad .grad_fn .layout .is_cuda .is_leaf .is_quantized .is_sparse
.is_nested .itemsize .nbytes .names"""

#: questions about a tensor that do not use its values
QUERIES = frozenset(f"{_METHODS} {_ATTRIBUTES}".split())


def kind_of(call: Call) -> OperationKind | None:
    """The kind of an operation in the form in which it is called; None where there is no rule for it."""
    kind, form = OPERATIONS.get(call.name, (None, None))
    chosen = call.tracked or call.gates or call.scores
    if kind is None or form is None:
        return None
    if not form(call, lambda t: any(t is c for c in chosen)):
        return "product" if call.name in MATRIX_PRODUCTS and len(call.tracked) == 2 else None
    if call.scores:
        return None if call.tracked or call.gates else _SCORED.get(kind)
    if call.gates:
        return _WEIGHED.get(call.name) if call.tracked else "gate" if kind in ("affine", "move") else None
    return kind
