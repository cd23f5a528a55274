"""Names of folders, cells and labels."""

import re
from collections.abc import Iterable, Mapping


def slug(name: str) -> str:
    """A name safe for file systems, Hydra's grammar and URLs."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")[:80] or "x"


def label(name: str, swept: Mapping[str, str]) -> str:
    """The label of a variant: its name and each key that is swept with its value, as `name-key-value`."""
    return slug(name + "".join(f"-{key}-{value}" for key, value in swept.items()))


def is_variant(text: str, names: Iterable[str]) -> bool:
    """True for one of these names, and for the label of a variant of one."""
    return any(text == name or text.startswith(f"{name}-") for name in names)
