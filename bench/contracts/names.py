"""Names that must exist, refused with the nearest one that does."""

from collections.abc import Iterable
from difflib import get_close_matches

from bench.contracts.errors import BadInput

#: names that share less with what was typed are no slip of it: twice the letters in common, of all letters of both
CLOSE = 0.6


def known(where: str, what: str, name: object, valid: Iterable[str]) -> None:
    """Refuse with BadInput a name that is none of the valid ones; `what` says what it would be the name of."""
    valid = tuple(valid)
    if name not in valid:
        raise BadInput(f"{where}: there is no {what} '{name}'{nearest(str(name), valid)}")


def nearest(name: str, valid: Iterable[str]) -> str:
    """A clause such as "; did you mean 'focal'?", or the valid names where none is near."""
    names = sorted(set(valid))
    lowered = {n.lower(): n for n in reversed(names)}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=CLOSE)
    if close:
        return f"; did you mean '{lowered[close[0]]}'?"
    return f"; valid names are {', '.join(names)}" if names else ""
