"""Atrophy that spreads: some regions lose grey matter from the start, others once the disease is severe enough."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import Between, RegionName, bounded, impossible, known
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.regional import softened
from simulators.space.place import Place


@bounded
@dataclass(frozen=True)
class Spreading(Atrophy):
    """Regional atrophy with an order of regions.

    onsets: by structure, without its side, the severity from which on it loses tissue, e.g. {fusiform gyrus: 0.7}; 0
    for those not named. A region loses amplitude x (severity - onset) of its grey matter, so that at a severity of 1 it
    has lost a share of 1 - onset of what the first regions have.
    """

    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Grey matter loss that starts in some of its regions and reaches others as severity rises."
    onsets: Mapping[str, Annotated[float, Between(0, 2)]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        structures = {RegionName.of(region).structure for region in self.regions}
        for structure in self.onsets:
            known("pathology.onsets", "structure", structure, sorted(structures))
        if all(self.onset(region) for region in self.regions):
            raise impossible(self, "onsets", dict(self.onsets), "one structure at least from the start: an onset of 0")

    def onset(self, region: str) -> float:
        """The severity from which on a region loses tissue."""
        return self.onsets.get(RegionName.of(region).structure, 0.0)

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) that amplitude 1 at severity 1 would act on, in [0, 1], of the regions that have begun."""
        acting, severity = self.acting(latents), latents["severity"]
        share = np.zeros(place.warped.labels.shape, np.float32)
        for onset in sorted({self.onset(region) for region in acting if self.onset(region) < severity}):
            begun = place.within(tuple(region for region in acting if self.onset(region) == onset))
            share += np.float32(1 - onset / severity) * softened(begun, self.edge_mm / place.voxel_mm / 2)
        return share
