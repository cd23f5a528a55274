"""Pathologies of named regions: the place where they act, and a severity that differs between subjects."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from scipy.ndimage import gaussian_filter

from bench.contracts import Between, RegionName, impossible, known
from simulators.pathology.nearest import bounding_box
from simulators.pathology.severity import LAWS, LawName
from simulators.space.place import Place


@dataclass(frozen=True)
class RegionalPathology:
    """A place of named regions, graded by a subject's severity.

    severity_sd: spread of the severity's law, by default the SD of a log-normal with median 1. edge_mm: how softly the
    act fades at a region's border. severity_law: `lognormal`, `uniform` or `staged`. side: `both` for all regions,
    `left` or `right` for those of one side and of the midline, `random` for one of the two a subject, equally often.
    """

    regions: tuple[str, ...]
    severity_sd: Annotated[float, Between(0, 1)] = 0.25
    edge_mm: Annotated[float, Between(0, 20, unit="mm")] = 4.0
    severity_law: LawName = "lognormal"
    side: Literal["both", "left", "right", "random"] = "both"

    def __post_init__(self) -> None:
        if not self.regions:
            raise impossible(self, "regions", (), "one region or more, e.g. left hippocampus")
        for side in {"left", "right"} if self.side == "random" else {self.side}:
            if not self.acting({"side": side}):
                raise impossible(self, "side", self.side, "a side of which regions names one, or name one of that side")

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have."""
        for region in self.regions:
            known("pathology.regions", "region", region, region_names)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """One subject's severity and side."""
        latents = {"severity": LAWS[self.severity_law](rng, self.severity_sd)}
        return {**latents, "side": str(rng.choice(("left", "right"))) if self.side == "random" else self.side}

    def acting(self, latents: Mapping[str, Any]) -> tuple[str, ...]:
        """The regions in which the pathology acts in one subject."""
        return self._acting[latents["side"]]

    @cached_property
    def _acting(self) -> dict[str, tuple[str, ...]]:
        """The regions of each `side`, worked out once."""
        named = [(region, RegionName.of(region).side) for region in self.regions]
        sides = {"both": ("left", "right", ""), "left": ("left", ""), "right": ("right", "")}
        return {side: tuple(region for region, of in named if of in these) for side, these in sides.items()}

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) that amplitude 1 at severity 1 would act on, in [0, 1]."""
        chosen = place.within(self.acting(latents))
        return softened(chosen, self.edge_mm / place.voxel_mm / 2)


def softened(chosen: np.ndarray, sigma: float) -> np.ndarray:
    """Masks (..., D, H, W) bool blurred by a Gaussian (voxels) that ends at three SDs; worked out where it is not 0."""
    share = np.zeros(chosen.shape, np.float32)
    if chosen.any():
        # twice as far as a voxel is spread, so that what is cut off at the box's faces is zero
        anywhere = np.asarray(chosen.reshape(-1, *chosen.shape[-3:]).any(0))
        box = (..., *bounding_box(anywhere, 2 * int(3 * sigma + 0.5)))
        share[box] = gaussian_filter(chosen[box].astype(np.float32), sigma, truncate=3.0, axes=(-3, -2, -1))
    return share
