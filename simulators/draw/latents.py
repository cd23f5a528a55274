"""Latents that are drawn when they are asked for: a healthy subject's lesions never are."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any


class Latents(Mapping[str, Any]):
    """Latents by name, from a draw with a stream of its own, so that it may come late or never."""

    def __init__(self, draw: Callable[[], Mapping[str, Any]]) -> None:
        self._draw = draw

    @cached_property
    def _drawn(self) -> Mapping[str, Any]:
        return self._draw()

    def __getitem__(self, name: str) -> Any:
        return self._drawn[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._drawn)

    def __len__(self) -> int:
        return len(self._drawn)
