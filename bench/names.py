"""Names of folders, cells and labels."""

import re


def slug(name: str) -> str:
    """A name safe for file systems, Hydra's grammar and URLs."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")[:80] or "x"
