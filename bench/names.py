"""Names of folders, cells and labels."""

import re
from collections.abc import Iterable, Mapping


def slug(name: str) -> str:
    """A name safe for file systems, Hydra's grammar and URLs."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")[:80] or "x"


def variant_label(name: str, swept: Mapping[str, str]) -> str:
    """The label of a variant: its name and each key that is swept with its value, as `name-key-value`."""
    return slug(name + "".join(f"-{key}-{value}" for key, value in swept.items()))


def variant_of(label: str, names: Iterable[str]) -> str | None:
    """The longest of these names that a label is, or is that of a variant of; None where there is none."""
    return max([name for name in names if label == name or label.startswith(f"{name}-")], key=len, default=None)
