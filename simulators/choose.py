"""Names that must exist, with the nearest one when they do not."""

from collections.abc import Sequence
from difflib import get_close_matches

from bench.contracts import BadInput


def known(key: str, name: str, names: Sequence[str]) -> None:
    """Refuse a name that is not in the list.

    Raises:
        BadInput: naming the key, the name and the nearest existing one.
    """
    if name not in names:
        near = get_close_matches(str(name), names, n=1, cutoff=0.0)
        raise BadInput(f"{key}={name!r} does not exist: did you mean {near[0]!r}? ({len(names)} names to choose from)")
