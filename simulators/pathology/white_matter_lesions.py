"""White-matter lesions of presumed vascular origin: several a patient, around the ventricles or other landmarks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from scipy.special import pdtr

from bench.contracts import Between, bounded, impossible, known
from simulators.anatomy.parcellation import VENTRICLES
from simulators.observe.lesions import ManyPlaces
from simulators.observe.observers import Observer
from simulators.pathology import blob
from simulators.pathology.lesion_sizes import LesionSizes, radius_mm
from simulators.pathology.nearest import FAR, squared_distance
from simulators.space.place import Place
from simulators.space.voxels import Voxels

#: no lesion lies farther from where they are allowed to begin, in units of the reach
FARTHEST = 3
#: farthest that a lesion grows where white matter is scarce, in radii of its ball
WIDEST = 1.6


@bounded
@dataclass(frozen=True)
class WhiteMatterLesions(LesionSizes):
    """White-matter lesions around landmarks.

    count: mean of the Poisson law, of which a patient has at least one. landmarks: regions around which lesions lie,
    the lateral ventricles unless named. reach_mm: distance from them over which lesions become e times rarer; none lies
    beyond three times that. apart_mm: how far from them the nearest lie, from where the reach begins. irregularity,
    elongation: as in `blob.Outline`. edge_mm: half the width of the border.

    The law of sizes is that of 28 patients with multiple sclerosis (Wang et al. 1997, J. Neurol. Neurosurg. Psychiatry
    63:452): a fifth of the cross-sections were smaller than 10 mm2 and four fifths smaller than 80 mm2. A log-normal of
    that has a median of 28 mm2 and an SD of the logarithm of 1.24; balls of these sections have 0.11 ml and 1.85.
    """

    version: ClassVar[str] = "2"
    family: ClassVar[str] = "white-matter lesions"
    summary: ClassVar[str] = (
        "White-matter lesions, their number Poisson, their place near landmarks, their size log-normal."
    )
    tissues: ClassVar[tuple[str, ...]] = ("wm",)
    becomes: ClassVar[str] = "lesion"
    observer: ClassVar[type[Observer]] = ManyPlaces
    volume_ml: Annotated[float, Between(0.001, 500, unit="ml")] = 0.11
    volume_sd: Annotated[float, Between(0, 3)] = 1.85
    smallest_ml: Annotated[float, Between(0.001, 500, unit="ml")] = 0.35
    largest_ml: Annotated[float, Between(0.001, 500, unit="ml")] = 10.0
    count: Annotated[float, Between(0.1, 100, unit="lesions")] = 8.0
    landmarks: tuple[str, ...] = VENTRICLES
    reach_mm: Annotated[float, Between(1, 100, unit="mm")] = 10.0
    apart_mm: Annotated[float, Between(0, 60, unit="mm")] = 0.0
    edge_mm: Annotated[float, Between(0.5, 20, unit="mm")] = 1.0
    irregularity: Annotated[float, Between(0, 1)] = 0.4
    elongation: Annotated[float, Between(1, 4)] = 1.5

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse landmarks that the anatomy does not have."""
        if not self.landmarks:
            raise impossible(self, "landmarks", (), "the names of the regions around which lesions lie")
        for name in self.landmarks:
            known("pathology.landmarks", "region", name, region_names)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """The lesions' centres (voxels), volumes (ml), axes and outlines."""
        count = self.number(rng)
        prior = place.once((self, "places"), lambda: self.places(place))
        centres = self._centres(prior, rng.uniform(size=count))
        return {
            "severity": 1.0,
            "centres": centres + rng.uniform(-0.5, 0.5, (count, 3)),
            "volumes_ml": self.volumes(rng.uniform(size=count)),
            "axes": blob.headings(rng, count),
            "waves": blob.ripples(rng, count),
        }

    def number(self, rng: np.random.Generator) -> int:
        """Number of a patient's lesions."""
        quantile, number = rng.uniform(np.exp(-self.count), 1), 1
        while pdtr(number, self.count) < quantile:
            number += 1
        return number

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of the tissue that amplitude 1 takes; lesions that meet do not add up beyond 1."""
        head, spared = place.head, np.ones(len(place.head.at), np.float32)
        radii = radius_mm(latents["volumes_ml"])
        bodies = blob.Bodies(latents["centres"], radii, latents["axes"], latents["waves"])
        shape = blob.Outline(self.irregularity, self.elongation, 0.0, WIDEST, self.edge_mm)
        outline = blob.border(bodies, shape, head, head.of(place.warped.maps[1]), place.voxel_mm)
        np.multiply.at(spared, outline.at, 1 - outline.share())
        return head.spread(1 - spared)

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
        farthest = self.apart_mm + FARTHEST * self.reach_mm
        away = squared_distance(place.within(self.landmarks), farthest / place.voxel_mm)
        maps = place.warped.maps
        white = Voxels.where((maps[1] > 0.4) & (maps[2] > 0.95) & (away < FAR))
        beyond = place.voxel_mm * np.sqrt(white.of(away), dtype=np.float64) - self.apart_mm
        return white.spread(
            np.where((beyond >= 0) & (beyond < FARTHEST * self.reach_mm), np.exp(-beyond / self.reach_mm), 0)
        )

    @staticmethod
    def _centres(prior: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        places = Voxels.where(prior > 0)
        cumulative = places.of(prior).cumsum()
        # the draw lies below the total
        drawn = np.searchsorted(cumulative, quantiles * cumulative[-1], side="right")
        return Voxels(places.grid, places.at[drawn]).points.T
