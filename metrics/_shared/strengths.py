"""Subjects rendered at other strengths of their pathology."""

from itertools import pairwise

from torch import Tensor

from bench.contracts import Context, Undefined, impossible


def rendered(context: Context, subject: int, strengths: tuple[float, ...]) -> Tensor:
    """The subject at each strength, all else kept: (K, 1, D, H, W).

    Raises:
        Undefined: where no simulator can render it.
    """
    if context.severities is None:
        raise Undefined("other strengths of the pathology need a simulator behind the images")
    return context.severities(subject, strengths)


def require(owner: object, strengths: tuple[float, ...], least: int) -> None:
    """Raise BadInput, naming the owner, for fewer strengths than `least` and for strengths that do not rise."""
    if len(strengths) < least or any(a >= b for a, b in pairwise(strengths)):
        raise impossible(owner, "strengths", strengths, f"{least} or more rising numbers from 0 to 1")
