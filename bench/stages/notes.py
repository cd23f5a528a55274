"""Notes beside stored maps: the layer whose feature maps a method read, and how far a map misses what it shares out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.contracts import Attribution, Context

FILE = "notes.json"


def taken(context: Context, maps: Attribution) -> dict[str, Any]:
    """What a method told in its context, and the `gap` of a method that claims completeness.

    gap: the largest over subjects of |sum(map) - (f(x) - f(b))|, as a share of the sum of sizes of the map.
    """
    notes: dict[str, Any] = dict(context.notes)
    if maps.gap is not None:
        sizes = maps.map.flatten(1).abs().sum(1)
        notes["gap"] = round((maps.gap.abs() / sizes.where(sizes > 0, 1.0)).max().item(), 6)
    return notes


def write(folder: Path, notes: Mapping[str, Any] | None) -> None:
    """The notes as JSON; no file where there are none."""
    if notes:
        (folder / FILE).write_text(json.dumps(dict(notes)) + "\n")


def read(folder: Path) -> dict[str, Any]:
    """The notes of stored maps; none where none were written."""
    path = folder / FILE
    return json.loads(path.read_text()) if path.exists() else {}
