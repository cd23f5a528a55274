"""White-matter lesions of presumed vascular origin: several a patient, around the ventricles or other landmarks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from scipy.special import pdtr

from bench.contracts import Between, bounded, impossible, known
from simulators.observe.observers import ManyPlaces, Observer
from simulators.pathology.blob import blob, within_reach
from simulators.pathology.nearest import FAR, squared_distance
from simulators.space.place import Place
from simulators.space.voxels import Voxels

VENTRICLES = ("left lateral ventricle", "right lateral ventricle")

#: no lesion lies farther from its landmarks, in units of the reach
FARTHEST = 3
#: widths of a lesion's border beyond which its share, below 2^-25, leaves 1 - share at 1 in single precision
ENDS = 8.7
#: pairs of a lesion and a voxel that are worked out at a time
CHUNK = 2**13


@bounded
@dataclass(frozen=True)
class WhiteMatterLesions:
    """White-matter lesions around landmarks.

    count: mean of the Poisson law, of which a patient has at least one. landmarks: regions around which lesions lie,
    the lateral ventricles unless named. reach_mm: distance from them over which lesions become e times rarer; none lies
    beyond three times that. radius_mm, radius_sd: median radius and SD of its logarithm. edge_mm: width of the border.
    irregularity: relative size of the outline's waves.
    """

    version: ClassVar[str] = "1"
    summary: ClassVar[str] = (
        "White-matter lesions, their number Poisson, their place near landmarks, their size log-normal."
    )
    tissues: ClassVar[tuple[str, ...]] = ("wm",)
    becomes: ClassVar[str] = "lesion"
    observer: ClassVar[type[Observer]] = ManyPlaces
    count: Annotated[float, Between(0.1, 50, unit="lesions")] = 5.0
    landmarks: tuple[str, ...] = VENTRICLES
    reach_mm: Annotated[float, Between(1, 100, unit="mm")] = 10.0
    radius_mm: Annotated[float, Between(2, 30, unit="mm")] = 9.0
    radius_sd: Annotated[float, Between(0, 1)] = 0.3
    edge_mm: Annotated[float, Between(0.5, 20, unit="mm")] = 3.0
    irregularity: Annotated[float, Between(0, 0.5)] = 0.15

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse landmarks that the anatomy does not have."""
        if not self.landmarks:
            raise impossible(self, "landmarks", (), "the names of the regions around which lesions lie")
        for name in self.landmarks:
            known("pathology.landmarks", "region", name, region_names)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """The lesions' centres (voxels), radii (mm) and outlines."""
        count = self.number(rng)
        prior = place.once((self, "places"), lambda: self.places(place))
        centres = self._centres(prior, rng.uniform(size=count))
        return {
            "severity": 1.0,
            "centres": centres + rng.uniform(-0.5, 0.5, (count, 3)),
            "radii_mm": self.radius_mm * np.exp(self.radius_sd * rng.standard_normal(count)),
            "waves": (rng.standard_normal((count, 4, 3)), rng.uniform(0, 2 * np.pi, (count, 4))),
        }

    def number(self, rng: np.random.Generator) -> int:
        """Number of a patient's lesions."""
        quantile, number = rng.uniform(np.exp(-self.count), 1), 1
        while pdtr(number, self.count) < quantile:
            number += 1
        return number

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of the tissue that amplitude 1 takes; lesions that meet do not add up beyond 1."""
        points, spared = place.head.points, np.ones(len(place.head.at), np.float32)
        centres, radii = latents["centres"], latents["radii_mm"]
        # four sines of half the irregularity each make the outline
        reach = (radii * (1 + 2 * self.irregularity) + ENDS * self.edge_mm) / place.voxel_mm
        lesions = [np.moveaxis(part, 0, -1) for part in (centres, radii, *latents["waves"])]
        which, at = within_reach(points, centres, reach)
        for start in range(0, len(at), CHUNK):
            some = slice(start, start + CHUNK)
            # pairs are in the order of the lesions, and repeating is faster than looking up
            counts = np.bincount(which[some], minlength=len(radii))
            centre, radius, directions, phases = (np.repeat(part, counts, axis=-1) for part in lesions)
            law = (centre, radius, (directions, phases), self.irregularity, self.edge_mm, place.voxel_mm)
            np.multiply.at(spared, at[some], 1 - blob(points.take(at[some], axis=1), *law))
        return place.head.spread(1 - spared)

    def follow(self, latents: Mapping[str, Any], move: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
        """Lesions stay in their tissue when the head moves."""
        return {**latents, "centres": move(latents["centres"])}

    def centres_of(self, latents: Mapping[str, Any]) -> np.ndarray:
        """Centres (n, 3) in voxels."""
        return np.asarray(latents["centres"])

    def chance(self, share: np.ndarray, strength: float) -> np.ndarray:
        """Lesions in a part of the prior are Poisson too, with the part's share of the mean, given one anywhere."""
        return np.expm1(-self.count * share) / np.expm1(-self.count)

    def places(self, place: Place) -> np.ndarray:
        """Prior (D, H, W) of a lesion's centre, up to a factor: white matter, falling off from the landmarks."""
        away = squared_distance(place.within(self.landmarks), FARTHEST * self.reach_mm / place.voxel_mm)
        maps = place.warped.maps
        white = Voxels.where((maps[1] > 0.4) & (maps[2] > 0.95) & (away < FAR))
        distance = place.voxel_mm * np.sqrt(white.of(away), dtype=np.float64) / self.reach_mm
        return white.spread(np.where(distance < FARTHEST, np.exp(-distance), 0))

    @staticmethod
    def _centres(prior: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        places = Voxels.where(prior > 0)
        cumulative = places.of(prior).cumsum()
        # the draw lies below the total
        drawn = np.searchsorted(cumulative, quantiles * cumulative[-1], side="right")
        return Voxels(places.grid, places.at[drawn]).points.T
