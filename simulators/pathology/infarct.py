"""Infarcts: wedges of tissue that one artery supplies, which end where its territory ends."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import numpy as np

from bench.contracts import Between, bounded, impossible, known
from simulators.pathology.focal import Focal, some
from simulators.space.place import Place


@bounded
@dataclass(frozen=True)
class Infarct(Focal):
    """Infarct within an arterial territory.

    territories: for each artery the regions it supplies; an infarct lies in one of them, as likely as it is large. It
    is a wedge with its base at the surface, as far as its volume (`Focal`) reaches.
    """

    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "One infarct a patient, a wedge that stays within the territory of an artery."
    territories: tuple[tuple[str, ...], ...] = ()
    elongation: Annotated[float, Between(1, 4)] = 1.4
    taper: ClassVar[float] = 0.5
    # most of a ball may lie in a neighbour's territory
    widest: ClassVar[float] = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(self.territories) or not self.territories:
            raise impossible(
                self, "territories", self.territories, "for each artery the names of the regions it supplies"
            )
        if self.regions:
            raise impossible(self, "regions", self.regions, "none, as an infarct is centred in one of its territories")

    @property
    def landmarks(self) -> tuple[str, ...]:
        """Regions of all territories."""
        return tuple(region for territory in self.territories for region in territory)

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have."""
        super().validate(region_names)
        for region in self.landmarks:
            known("pathology.territories", "region", region, region_names)

    def axis(self, rng: np.random.Generator, centre: np.ndarray, place: Place) -> np.ndarray:
        """Outwards from the brain's middle, along the vessels that enter from the surface."""
        outwards = centre - place.head.points.mean(1)
        return np.asarray(outwards / max(float(np.linalg.norm(outwards)), 1e-6))

    def open_to(self, place: Place, centre: np.ndarray) -> np.ndarray:
        """Share (n,) of the head's voxels that an infarct can take: its own territory's."""
        inside = place.head.of(place.within(self._territory(place, centre)))
        return np.asarray(np.where(inside, super().open_to(place, centre), 0))

    def places(self, place: Place) -> np.ndarray:
        """Prior (D, H, W) of the centre, up to a factor."""
        return some(place.within(self.landmarks) & (place.warped.maps[2] > 0.95), self.landmarks)

    def _territory(self, place: Place, centre: np.ndarray) -> tuple[str, ...]:
        """Regions of the artery that supplies a centre, or the tissue nearest to it."""
        voxels = place.once(("territories", self.territories), partial(self._voxels, place))
        nearest = [((territory - centre) ** 2).sum(1).min(initial=np.inf) for territory in voxels]
        return self.territories[int(np.argmin(nearest))]

    def _voxels(self, place: Place) -> list[np.ndarray]:
        return [np.argwhere(place.within(territory)) for territory in self.territories]
