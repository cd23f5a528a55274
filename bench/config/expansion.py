"""Interpolations `${key}`: how long what they stand for is, counted before it is written out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bench.contracts import BadInput

#: characters and values of one configuration, once what its interpolations stand for is written out
MOST = 1_000_000
_REFERENCE = re.compile(r"\$\{([^${}:]+)\}")


def check(config: DictConfig) -> None:
    """Raise BadInput for the first value that stands for too much. What refers to itself is left to the composer."""
    values = dict(_values(OmegaConf.to_container(config, resolve=False), ""))
    sizes: dict[str, int] = {}
    for place, value in values.items():
        if "${" in str(value) and _size(place, values, sizes) > MOST:
            raise BadInput(
                f"{place} stands for more than {MOST} characters once its ${{...}} are written out; give less"
            )


def _values(tree: Any, place: str) -> Iterator[tuple[str, Any]]:
    """(place, value) of every node of a tree; a mapping or list gives the places below it."""
    children = tree if isinstance(tree, Mapping) else dict(enumerate(tree)) if isinstance(tree, list) else None
    if children is None:
        yield place, tree
        return
    below = {str(key): f"{place}.{key}" if place else str(key) for key in children}
    yield place, [*below.values()]
    for key, child in children.items():
        yield from _values(child, below[str(key)])


def _size(place: str, values: Mapping[str, Any], sizes: dict[str, int]) -> int:
    """Characters and values that a place stands for; none for one that is being counted, and refers to itself."""
    if place not in sizes:
        sizes[place] = 0
        value = values.get(place, "")
        text = "" if isinstance(value, list) else str(value)
        parts = value if not text else [_absolute(reference, place) for reference in _REFERENCE.findall(text)]
        sizes[place] = 1 + len(text) + sum(_size(part, values, sizes) for part in parts)
    return sizes[place]


def _absolute(reference: str, place: str) -> str:
    """Where a reference leads: `a.b` from the top, `.a` beside its own value, one level up for each further dot."""
    name = reference.strip().replace("[", ".").replace("]", "")
    dots = len(name) - len(name.lstrip("."))
    above = place.split(".")[: -dots or None] if dots else []
    return ".".join([*above, name.lstrip(".")])
