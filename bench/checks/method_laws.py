"""Laws that a method may claim in its tags, and the check of each."""

import copy
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from bench.checks.method_probe import STYLES, MethodProbe, Multiplied, SmallLinear
from bench.checks.method_run import map_of, must_agree, result_of
from bench.contracts import Method, Unsupported
from bench.passes import explained, forward

Check = Callable[[Method, MethodProbe], None]


def check_linear(method: Method, probe: MethodProbe) -> None:
    """On f(x) = Wx + b a sensitivity is W and a contribution W (x - b)."""
    linear = replace(probe, network=SmallLinear)
    weight = linear.model().get_parameter("head.weight").detach()
    slope = (weight[1] - weight[0]).reshape(1, *probe.images.shape[1:]).expand_as(probe.images)
    result = result_of(method, linear)
    values = result.map if result.multiplier is None else result.multiplier
    must_agree(values, slope, 1e-5, "on a linear model the sensitivity (or multiplier) is not the weight")


def check_completeness(method: Method, probe: MethodProbe) -> None:
    """sum(map) = f(x) - f(b) + gap, the gap returned and small."""
    model, result = probe.model(), result_of(method, probe)
    assert result.gap is not None, "the method claims completeness and returns no gap"
    rise = explained(forward(model, probe.images) - forward(model, result.start), probe.target)
    missing = result.map.flatten(1).sum(1) - rise - result.gap
    scale = result.map.flatten(1).abs().sum(1)
    assert (missing.abs() <= 1e-4 * scale).all(), "the map's sum is not the rise of the score plus the reported gap"
    assert (result.gap.abs() <= 0.1 * scale).all(), "the completeness gap exceeds a tenth of the map's absolute sum"


def check_scale(method: Method, probe: MethodProbe) -> None:
    """Three times the score gives three times the map."""
    _head_law(method, probe, lambda weight, bias: (3 * weight, 3 * bias), 3, "three times the score")


def check_sign(method: Method, probe: MethodProbe) -> None:
    """Minus the score gives minus the map."""
    _head_law(method, probe, lambda weight, bias: (-weight, -bias), -1, "minus the score")


def check_shift(method: Method, probe: MethodProbe) -> None:
    """A constant added to the score does not change the map."""
    _head_law(method, probe, lambda weight, bias: (weight, bias + torch.tensor([0.0, 1.5])), 1, "a shifted score")


def check_implementation(method: Method, probe: MethodProbe) -> None:
    """The same network with its ReLUs as modules, reused, functional or in-place gives the same map."""
    expected = map_of(method, probe)
    for style in STYLES:
        must_agree(
            map_of(method, probe, probe.model(style=style)), expected, 1e-5, f"the map changes with {style} ReLUs"
        )


def check_refusal(method: Method, probe: MethodProbe) -> None:
    """A network with an operation without a rule, or compiled out of sight, is refused as Unsupported."""
    refuses(method, replace(probe, network=Multiplied), "a network that multiplies activations")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        traced = torch.jit.trace(probe.model(), probe.images[:2])
    refuses(method, replace(probe, network=lambda: copy.deepcopy(traced)), "a compiled network")


def refuses(method: Method, probe: MethodProbe, what: str) -> None:
    """Fails unless the method raises Unsupported on a fresh network of the probe."""
    try:
        result_of(method, probe, probe.network().eval())
    except Unsupported:
        return
    raise AssertionError(f"{what} is not refused as Unsupported")


def _head_law(method: Method, probe: MethodProbe, change: Callable[..., Any], factor: float, what: str) -> None:
    model = probe.model()
    head = model.get_submodule("head")
    with torch.no_grad():
        for parameter, value in zip(head.parameters(), change(*head.parameters()), strict=True):
            parameter.copy_(value.clone())
    must_agree(
        map_of(method, probe, model), factor * map_of(method, probe), 1e-3, f"{what} does not give {factor} x the map"
    )


LAWS: dict[str, Check] = {
    "linear": check_linear,
    "completeness": check_completeness,
    "scale": check_scale,
    "sign": check_sign,
    "shift": check_shift,
    "implementation": check_implementation,
    "refusal": check_refusal,
}
