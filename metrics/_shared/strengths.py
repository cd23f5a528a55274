"""Subjects rendered at other strengths of their pathology."""

from torch import Tensor

from bench.contracts import BadInput, Context, Undefined


def rendered(context: Context, subject: int, strengths: tuple[float, ...]) -> Tensor:
    """The subject at each strength, all else kept: (K, 1, D, H, W).

    Raises:
        Undefined: where no simulator can render it.
    """
    if context.severities is None:
        raise Undefined("other strengths of the pathology need a simulator behind the images")
    return context.severities(subject, strengths)


def require(owner: object, strengths: tuple[float, ...], least: int) -> None:
    """Refuse fewer strengths than `least`, and any that do not rise from 0 to 1.

    Raises:
        BadInput: naming the owner and what to give.
    """
    rising = all(a < b for a, b in zip((-1.0, *strengths), (*strengths, 2.0), strict=True))
    if len(strengths) < least or not rising or not all(0 <= s <= 1 for s in strengths):
        raise BadInput(
            f"{type(owner).__name__}: strengths = {list(strengths)} must be {least} or more rising numbers from 0 to 1"
        )
