"""Operations written out in those that rules know: signals, constants, and gates that weigh signals.

An activation is its slope from zero times its input, and its value at zero, a bias: the signal takes all relevance but
that of the bias. A norm divides by its spread, which is a gate, and is affine otherwise (Ali et al. 2022, XAI for
transformers, ICML, section 4). Attention is a softmax of products of signals, which weighs values.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import handle_torch_function, has_torch_function_unary

from bench.contracts import Unsupported
from methods._rules.call import Call

#: below this size of x a slope is the derivative, since f(x) - f(0) would be rounding; in double precision
NEAR = 1e-8
_MULTI_HEAD = inspect.signature(F.multi_head_attention_forward)


def slope_from_zero(x: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
    """(f(x) - f(0)) / x, value by value, and the derivative where x is 0."""
    if has_torch_function_unary(x):
        slope: Tensor = handle_torch_function(slope_from_zero, (x,), x, activation)
        return slope
    wide = x.detach().double().requires_grad_()
    value = activation(wide)
    (derivative,) = torch.autograd.grad(value.sum(), wide)
    rise, run = value.detach() - activation(torch.zeros_like(wide)), wide.detach()
    far = run.abs() > NEAR
    return (rise / run.where(far, 1.0)).where(far, derivative).to(x)


def inverse_spread(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """1 / sqrt(mean(x^2) + eps) over the axes, which are kept."""
    if has_torch_function_unary(x):
        spread: Tensor = handle_torch_function(inverse_spread, (x,), x, axes, eps)
        return spread
    return torch.rsqrt(x.square().mean(axes, keepdim=True) + eps)


def _activation(call: Call) -> Tensor:
    x: Tensor = call.argument(0, "input")

    def activation(t: Tensor) -> Tensor:
        value: Tensor = call.with_tensors(lambda _: t)()
        return value

    signal = x * slope_from_zero(x, activation)
    offset = activation(torch.zeros((), dtype=x.dtype, device=x.device))
    return signal + offset if offset != 0 else signal


def _normed(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    x = x - x.mean(axes, keepdim=True)
    return x * inverse_spread(x, axes, eps)


def _scaled(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _by_channel(x: Tensor, values: Tensor | None) -> Tensor | None:
    return None if values is None else values.reshape(-1, *[1] * (x.ndim - 2))


def _layer_norm(call: Call) -> Tensor:
    x, shape = call.argument(0, "input"), call.argument(1, "normalized_shape")
    normed = _normed(x, tuple(range(-len(shape), 0)), call.argument(4, "eps", 1e-5))
    return _scaled(normed, call.argument(2, "weight"), call.argument(3, "bias"))


def _rms_norm(call: Call) -> Tensor:
    x, shape, eps = call.argument(0, "input"), call.argument(1, "normalized_shape"), call.argument(3, "eps")
    axes = tuple(range(-len(shape), 0))
    spread = inverse_spread(x, axes, torch.finfo(x.dtype).eps if eps is None else eps)
    return _scaled(x * spread, call.argument(2, "weight"), None)


def _group_norm(call: Call) -> Tensor:
    x, groups = call.argument(0, "input"), call.argument(1, "num_groups")
    normed = _normed(x.reshape(len(x), groups, -1), (-1,), call.argument(4, "eps", 1e-5)).reshape(x.shape)
    return _scaled(normed, _by_channel(x, call.argument(2, "weight")), _by_channel(x, call.argument(3, "bias")))


def _instance_norm(call: Call) -> Tensor:
    x, weight, bias = call.argument(0, "input"), call.argument(3, "weight"), call.argument(4, "bias")
    eps = call.argument(7, "eps", 1e-5)
    if not call.argument(5, "use_input_stats", True):
        mean, variance = call.argument(1, "running_mean"), call.argument(2, "running_var")
        return F.batch_norm(x, mean, variance, weight, bias, False, 0.0, eps)
    normed = _normed(x, tuple(range(2, x.ndim)), eps)
    return _scaled(normed, _by_channel(x, weight), _by_channel(x, bias))


def _attended(query: Tensor, key: Tensor, scale: float | None) -> Tensor:
    """Weights (..., queries, keys) of attention."""
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    return scores.softmax(-1)


def _attention(call: Call) -> Tensor:
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
    given: dict[str, Any] = dict(zip(names, call.args, strict=False)) | call.kwargs
    _plain(call, given, ("attn_mask", "dropout_p", "is_causal", "enable_gqa"))
    return _attended(given["query"], given["key"], given.get("scale")) @ given["value"]


def _multi_head_attention(call: Call) -> tuple[Tensor, Tensor | None]:
    given = _MULTI_HEAD.bind(*call.args, **call.kwargs)
    given.apply_defaults()
    options = given.arguments
    _plain(call, options, ("attn_mask", "key_padding_mask", "is_causal", "bias_k", "bias_v", "add_zero_attn"))
    _plain(call, options, ("use_separate_proj_weight", "dropout_p" if options["training"] else "is_causal"))
    biases = (None,) * 3 if options["in_proj_bias"] is None else options["in_proj_bias"].chunk(3)
    read = zip(
        (options["query"], options["key"], options["value"]), options["in_proj_weight"].chunk(3), biases, strict=True
    )
    heads = (options["num_heads"], -1)
    query, key, value = (F.linear(*parts).unflatten(-1, heads).movedim(0, -2) for parts in read)
    weights = _attended(query, key, None)
    mixed = F.linear((weights @ value).movedim(-2, 0).flatten(-2), options["out_proj_weight"], options["out_proj_bias"])
    if not options["need_weights"]:
        return mixed, None
    return mixed, weights.mean(-3) if options["average_attn_weights"] else weights


def _plain(call: Call, given: Mapping[str, Any], refused: Sequence[str]) -> None:
    """Raises Unsupported where attention has any of the options that are refused."""
    for name in refused:
        option = given.get(name)
        if isinstance(option, Tensor) or option:
            raise Unsupported(f"there is no rule for '{call.name}' with {name}; run it without")


#: by the name of the operation
WRITTEN: dict[str, Callable[[Call], Any]] = {
    **dict.fromkeys(("gelu", "silu", "elu", "softplus"), _activation),
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head_attention,
}
