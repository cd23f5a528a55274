"""What pathologies of named regions share: where they act, and how severity differs between subjects."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from simulators.anatomy.mni152 import Warped
from simulators.checks import between
from simulators.choose import known


@dataclass(frozen=True)
class Regional:
    """A place of named regions, graded by a subject's severity.

    severity_sd: SD of the log-normal severity (median 1). edge_mm: how softly the act fades at a region's border.
    """

    regions: tuple[str, ...]
    severity_sd: float = 0.25
    edge_mm: float = 4.0

    def __post_init__(self) -> None:
        between("pathology.severity_sd", self.severity_sd, 0, 1)
        between("pathology.edge_mm", self.edge_mm, 0, 20, "mm")
        if not self.regions:
            known("pathology.regions", "", ("left hippocampus",))

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have."""
        for region in self.regions:
            known("pathology.regions", region, region_names)

    def draw(self, rng: np.random.Generator, warped: Warped, voxel_mm: float) -> dict[str, Any]:
        """One subject's severity."""
        return {"severity": float(np.exp(self.severity_sd * rng.standard_normal()))}

    def extent(self, warped: Warped, latents: dict[str, Any], names: tuple[str, ...], voxel_mm: float) -> np.ndarray:
        """Share (D, H, W) that amplitude 1 at severity 1 would act on, in [0, 1]."""
        chosen = np.isin(warped.labels, [names.index(region) + 1 for region in self.regions])
        return gaussian_filter(chosen.astype(np.float32), self.edge_mm / voxel_mm / 2, truncate=3.0)
