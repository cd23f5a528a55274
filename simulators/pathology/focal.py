"""Focal lesions: damaged tissue with an intensity of its own, at a place drawn from a prior."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import BadInput, Between, bounded, impossible, known
from simulators.observe.lesions import RandomPlace
from simulators.observe.observers import Observer
from simulators.pathology import blob
from simulators.pathology.lesion_sizes import LesionSizes, radius_mm
from simulators.pathology.oedema import spread
from simulators.space.place import Place
from simulators.space.voxels import Voxels


@bounded
@dataclass(frozen=True)
class Focal(LesionSizes):
    """Focal lesion, such as a tumour or an infarct.

    The median volume is that of 655 chronic infarcts (ATLAS v2.0; Liew et al. 2022, Sci. Data 9:320), the smallest of
    which, of 0.01 ml, lies 3.7 SDs of the logarithm below it and the largest, of 497 ml, 2.7 above. irregularity,
    elongation: as in `blob.Outline`. edge_mm: half the width of the border over which the loss fades. rim: how much
    less the inside acts than a rim of `rim_mm`. oedema: how strongly the white matter around acts, as far as
    `oedema_mm`. regions: where it is centred instead, in any tissue. fixed: whether all patients have it in the middle
    of these regions, to half a voxel.
    """

    version: ClassVar[str] = "2"
    family: ClassVar[str] = "focal lesions"
    summary: ClassVar[str] = "One lesion a patient, centred anywhere in white matter, of irregular outline."
    tissues: ClassVar[tuple[str, ...]] = ("gm", "wm")
    becomes: ClassVar[str] = "lesion"
    regions_hold: ClassVar[tuple[str, ...]] = ("gm", "wm")
    observer: ClassVar[type[Observer]] = RandomPlace
    volume_ml: Annotated[float, Between(0.001, 500, unit="ml")] = 5.0
    volume_sd: Annotated[float, Between(0, 3)] = 1.7
    smallest_ml: Annotated[float, Between(0.001, 500, unit="ml")] = 2.0
    largest_ml: Annotated[float, Between(0.001, 500, unit="ml")] = 100.0
    edge_mm: Annotated[float, Between(0.5, 20, unit="mm")] = 2.0
    irregularity: Annotated[float, Between(0, 1)] = 0.6
    elongation: Annotated[float, Between(1, 4)] = 1.3
    rim: Annotated[float, Between(0, 1)] = 0.0
    rim_mm: Annotated[float, Between(1, 20, unit="mm")] = 4.0
    oedema: Annotated[float, Between(0, 1)] = 0.0
    oedema_mm: Annotated[float, Between(1, 40, unit="mm")] = 14.0
    regions: tuple[str, ...] = ()
    fixed: bool = False
    #: as in `blob.Outline`
    taper: ClassVar[float] = 0.0
    widest: ClassVar[float] = 1.6

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fixed and not self.regions:
            raise impossible(self, "fixed", True, "its place as well, one region or more in regions")

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have."""
        for region in self.regions:
            known("pathology.regions", "region", region, region_names)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """One lesion: centre (voxels), volume (ml), axis and outline; severity 1."""
        candidates = Voxels.where(self.places(place))
        centre = candidates.point(int(rng.integers(len(candidates.at)))) + rng.uniform(-0.5, 0.5, 3)
        volume = float(self.volumes(rng.uniform(size=1))[0])
        waves = tuple(part[0] for part in blob.ripples(rng, 1))
        axis = self.axis(rng, centre, place)
        return {"severity": 1.0, "centre": centre, "volume_ml": volume, "axis": axis, "waves": waves}

    def axis(self, rng: np.random.Generator, centre: np.ndarray, place: Place) -> np.ndarray:
        """Direction (3,) in which a lesion is long: any."""
        return np.asarray(blob.headings(rng, 1)[0])

    def open_to(self, place: Place, centre: np.ndarray) -> np.ndarray:
        """Share (n,) of the head's voxels that a lesion with this centre can take: all of the tissues it acts on."""
        return np.asarray(place.head.of(place.warped.maps[:2]).sum(0))

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of the tissue that amplitude 1 takes: 1 in the rim, less inside and in the oedema."""
        head, (directions, phases) = place.head, latents["waves"]
        radius = radius_mm(np.array([latents["volume_ml"]]))
        body = blob.Bodies(latents["centre"][None], radius, latents["axis"][None], (directions[None], phases[None]))
        shape = blob.Outline(self.irregularity, self.elongation, self.taper, self.widest, self.edge_mm)
        tissue = self.open_to(place, latents["centre"])
        outline = blob.border(body, shape, head, tissue, place.voxel_mm)
        # what it cannot take holds none of it
        whole = np.where(tissue.take(outline.at) > 0, outline.share(), 0)
        lesion = head.spread(_at(outline.at, whole * (1 - np.float32(self.rim) * outline.share(self.rim_mm)), head))
        if not self.oedema:
            return lesion
        body_share = head.spread(_at(outline.at, whole, head))
        halo = spread(body_share, place.warped.maps[1], self.oedema_mm, place.voxel_mm)
        return lesion + np.float32(self.oedema) * halo * (1 - body_share)

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
        inside = some(place.within(self.regions) & (maps[2] > 0.5), self.regions)
        return middle(inside) if self.fixed else inside


def some(inside: np.ndarray, regions: tuple[str, ...]) -> np.ndarray:
    """A place (D, H, W) bool of these regions, refused with BadInput where it has no voxel."""
    if not inside.any():
        raise BadInput(f"{regions[0]!r} has no voxel in a subject; use a finer anatomy.resolution_mm")
    return inside


def middle(inside: np.ndarray) -> np.ndarray:
    """The one voxel (D, H, W) bool of a place that lies nearest to its centre of mass."""
    voxels = np.argwhere(inside)
    nearest = np.linalg.norm(voxels - voxels.mean(0), axis=1).argmin()
    voxel = np.zeros_like(inside)
    voxel[tuple(voxels[nearest])] = True
    return voxel


def _at(at: np.ndarray, values: np.ndarray, head: Voxels) -> np.ndarray:
    """Values (m,) at some of a head's voxels, 0 at the others (n,)."""
    spread = np.zeros(len(head.at), np.float32)
    spread[at] = values
    return spread
