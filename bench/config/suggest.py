"""The nearest valid name, for error messages."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, valid: Iterable[str]) -> str:
    """A clause such as "; did you mean 'focal'?", or the valid names where none is near."""
    names = sorted(set(valid))
    lowered = {n.lower(): n for n in reversed(names)}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{lowered[close[0]]}'?"
    return f"; valid names are {', '.join(names)}" if names else ""
