"""Running a method on a probe, and comparing maps."""

from typing import Any

from torch import Tensor, nn

from bench.checks.method_probe import MethodProbe
from bench.checks.state import IN_PLACE_OF_BACKWARD
from bench.contracts import Attribution, Context, Method


def result_of(
    method: Method,
    probe: MethodProbe,
    model: nn.Module | None = None,
    images: Tensor | None = None,
    context: Context | None = None,
) -> Attribution:
    """The method's result on the probe, with the given parts put in place of its own.

    Its images are a copy, so that what one call leaves on them is met by no other.
    """
    chosen = probe.images.clone() if images is None else images
    return attribution(method(model or probe.model(), chosen, probe.target, context or probe.context(method)))


def attribution(result: Any) -> Attribution:
    """What a method returned, as an Attribution; fails in a sentence where it is neither that nor a tensor."""
    given = Attribution.of(result)
    kind = type(given.map).__name__
    why = (
        f" (.grad of a tensor that is no leaf, such as a copy, is None: {IN_PLACE_OF_BACKWARD})"
        if given.map is None
        else ""
    )
    assert isinstance(given.map, Tensor), (
        f"the method returns {kind}, not a map; return a tensor, or an Attribution{why}"
    )
    return given


def map_of(method: Method, probe: MethodProbe, *given: Any, **named: Any) -> Tensor:
    """The map alone."""
    return result_of(method, probe, *given, **named).map


def distance(first: Tensor, second: Tensor) -> float:
    """Largest difference in units of the largest value."""
    scale = max(first.abs().max().item(), second.abs().max().item())
    return (first - second).abs().max().item() / scale if scale else 0.0


def must_agree(values: Tensor, expected: Tensor, tolerance: float, fault: str) -> None:
    """Fails with the sentence `fault` where the two differ by more than the relative tolerance."""
    assert values.shape == expected.shape, f"{fault} (shapes {tuple(values.shape)} and {tuple(expected.shape)})"
    difference = distance(values, expected)
    assert difference <= tolerance, f"{fault} (relative difference {difference:.1e})"
