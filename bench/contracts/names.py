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
    return slip(name, names) or (f"; valid names are {', '.join(names)}" if names else "")


def slip(given: object, valid: Iterable[object]) -> str:
    """A clause such as "; did you mean 'focal'?", where a text, or the first such text of a list, is near a name."""
    texts = [given] if isinstance(given, str) else given if isinstance(given, list | tuple) else []
    names = {name.lower(): name for name in valid if isinstance(name, str)}
    for text in texts:
        close = get_close_matches(text.lower(), names, n=1, cutoff=CLOSE) if isinstance(text, str) else []
        if close and names[close[0]] != text:
            return f"; did you mean '{names[close[0]]}'?"
    return ""
