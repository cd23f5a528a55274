"""Focal lesions: damaged tissue with an intensity of its own, at a place drawn from a prior."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import BadInput, Between, bounded, impossible, known
from simulators.observe.observers import Observer, RandomPlace
from simulators.pathology.blob import blob
from simulators.space.place import Place
from simulators.space.voxels import Voxels


@bounded
@dataclass(frozen=True)
class Focal:
    """Focal lesion.

    radius_mm: mean radius. radius_spread: its relative uniform range. edge_mm: width of the border over which the
    loss fades. irregularity: relative size of the outline's waves. regions: where it is centred instead, in any tissue.
    fixed: whether all patients have it in the middle of these regions, to half a voxel.
    """

    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "One lesion a patient, centred anywhere in white matter, of irregular outline."
    tissues: ClassVar[tuple[str, ...]] = ("gm", "wm")
    becomes: ClassVar[str] = "lesion"
    observer: ClassVar[type[Observer]] = RandomPlace
    radius_mm: Annotated[float, Between(2, 60, unit="mm")] = 18.0
    radius_spread: Annotated[float, Between(0, 0.9)] = 0.25
    edge_mm: Annotated[float, Between(0.5, 20, unit="mm")] = 4.0
    irregularity: Annotated[float, Between(0, 0.5)] = 0.15
    regions: tuple[str, ...] = ()
    fixed: bool = False

    def __post_init__(self) -> None:
        if self.fixed and not self.regions:
            raise impossible(self, "fixed", True, "its place as well, one region or more in regions")

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have."""
        for region in self.regions:
            known("pathology.regions", "region", region, region_names)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """One lesion: centre (voxels), radius (mm) and outline; severity 1."""
        candidates = Voxels.where(self.places(place))
        centre = candidates.point(int(rng.integers(len(candidates.at)))) + rng.uniform(-0.5, 0.5, 3)
        radius = self.radius_mm * (1 + self.radius_spread * rng.uniform(-1, 1))
        waves = rng.standard_normal((4, 3)), rng.uniform(0, 2 * np.pi, 4)
        return {"severity": 1.0, "centre": centre, "radius_mm": float(radius), "waves": waves}

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of the tissue that amplitude 1 takes: 1 inside, fading over `edge_mm`."""
        lesion = (latents["centre"], np.array(latents["radius_mm"]), *latents["waves"])
        centre, radius, directions, phases = (part[..., None] for part in lesion)
        law = (centre, radius, (directions, phases), self.irregularity, self.edge_mm, place.voxel_mm)
        return place.head.spread(blob(place.head.points, *law))

    def follow(self, latents: Mapping[str, Any], move: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
        """The lesion stays in its tissue when the head moves."""
        return {**latents, "centre": move(latents["centre"][None])[0]}

    def centres_of(self, latents: Mapping[str, Any]) -> np.ndarray:
        """The one centre (1, 3), in voxels."""
        return np.asarray(latents["centre"])[None]

    def chance(self, share: np.ndarray, strength: float) -> np.ndarray:
        """One centre lies in a part of the prior as often as that part's share says, however strong the lesion."""
        return share

    def places(self, place: Place) -> np.ndarray:
        """Prior (D, H, W) of the centre, up to a factor."""
        maps = place.warped.maps
        if not self.regions:
            # mostly white matter, away from the surface
            return (maps[1] > 0.4) & (maps[2] > 0.95)
        inside = place.within(self.regions) & (maps[2] > 0.5)
        if not inside.any():
            raise BadInput(f"{self.regions[0]!r} has no voxel in a subject; use a finer anatomy.resolution_mm")
        return middle(inside) if self.fixed else inside


def middle(inside: np.ndarray) -> np.ndarray:
    """The one voxel (D, H, W) bool of a place that lies nearest to its centre of mass."""
    voxels = np.argwhere(inside)
    nearest = np.linalg.norm(voxels - voxels.mean(0), axis=1).argmin()
    found = np.zeros_like(inside)
    found[tuple(voxels[nearest])] = True
    return found
