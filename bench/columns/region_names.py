"""Names of regions: the side that a region is on, and the structure that it is there."""

from typing import Literal, NamedTuple, Self

Side = Literal["left", "right", ""]
OTHER: dict[str, Side] = {"left": "right", "right": "left", "": ""}


class RegionName(NamedTuple):
    """A region as `left hippocampus`, or without a side (`brain stem`) in the midline."""

    side: Side
    structure: str

    @classmethod
    def of(cls, name: str) -> Self:
        """The side and the structure that a name says."""
        for side in ("left", "right"):
            if name.startswith(f"{side} "):
                return cls(side, name[len(side) + 1 :])
        return cls("", name)

    def __str__(self) -> str:
        return f"{self.side} {self.structure}" if self.side else self.structure

    @property
    def other(self) -> Self:
        """The same structure on the other side; a midline region itself."""
        return self._replace(side=OTHER[self.side])

    @property
    def first(self) -> Self:
        """The left one of the two; a midline region itself."""
        return self._replace(side="left") if self.side else self
