"""The place where pathologies act: one subject's anatomy, and what is slow to work out from it."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.space.voxels import Voxels

Kept = TypeVar("Kept")


@dataclass(frozen=True, eq=False)
class Place:
    """A subject's healthy anatomy, the names of its regions in label order, and its voxel size in mm."""

    warped: Warped
    names: tuple[str, ...]
    voxel_mm: float
    _kept: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def within(self, regions: tuple[str, ...]) -> np.ndarray:
        """Voxels (D, H, W) bool of the named regions."""
        chosen = np.zeros(len(self.names) + 1, bool)
        chosen[[self.names.index(region) + 1 for region in regions]] = True
        return chosen.take(self.warped.labels)

    def valued(self, values: Mapping[str, float]) -> np.ndarray:
        """The value (D, H, W) float64 of the region that a voxel lies in; NaN in regions not named."""
        table = np.full(len(self.names) + 1, np.nan)
        table[[self.names.index(region) + 1 for region in values]] = list(values.values())
        return table.take(self.warped.labels)

    @cached_property
    def head(self) -> Voxels:
        """Voxels that hold any brain; no other holds tissue."""
        return Voxels.where(self.warped.maps[2] > 0)

    def once(self, name: Hashable, make: Callable[[], Kept]) -> Kept:
        """A value that `make` gives, made once: a subject is rendered as itself, as its twin and for its truths."""
        if name not in self._kept:
            self._kept[name] = make()
        kept: Kept = self._kept[name]
        return kept
