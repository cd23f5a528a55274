"""Atrophy that spreads: some regions lose grey matter from the start, others once the disease is severe enough."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
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
        if all(self._onsets.values()):
            raise impossible(self, "onsets", dict(self.onsets), "one structure at least from the start: an onset of 0")

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have, and an onset of a structure that is in no region."""
        super().validate(region_names)
        structures = {RegionName.of(region).structure for region in self.regions}
        for structure in self.onsets:
            known("pathology.onsets", "structure", structure, sorted(structures))

    @cached_property
    def _onsets(self) -> dict[str, float]:
        """The severity from which on each region loses tissue, worked out once."""
        return {region: self.onsets.get(RegionName.of(region).structure, 0.0) for region in self.regions}

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) that amplitude 1 at severity 1 would act on, in [0, 1], of the regions that have begun."""
        severity = latents["severity"]
        onsets = {region: self._onsets[region] for region in self.acting(latents)}
        begun = sorted({onset for onset in onsets.values() if onset < severity})
        chosen = place.valued(onsets) == np.reshape(begun, (-1, 1, 1, 1))
        share = np.zeros(chosen.shape[1:], np.float32)
        for onset, soft in zip(begun, softened(chosen, self.edge_mm / place.voxel_mm / 2), strict=True):
            share += np.float32(1 - onset / severity) * soft
        return share
