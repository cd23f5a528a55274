"""Regional atrophy by deformation: tissue shrinks, fluid nearby takes its place, the skull stays."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.contracts import bounded
from simulators.observe.deformation import VolumeAndShell
from simulators.observe.observers import Observer
from simulators.pathology.resizing import Near, Resizing

#: largest share of a region's tissue that is lost, or gained where the amount is negative
MOST = 0.5


@bounded
@dataclass(frozen=True)
class Deformation(Resizing):
    """Atrophy that moves the anatomy around it.

    The amount is the share of the regions' tissue that is lost, at most a half. The prescribed divergence is as in
    Khanal et al. 2017, Front. Neurosci. 11:132; the flow is a potential one instead of an elastic one.
    """

    version: ClassVar[str] = "3"
    family: ClassVar[str] = "deformation"
    summary: ClassVar[str] = (
        "Loss of tissue in named regions, which shrink and draw in the fluid and tissue around them."
    )
    regions_hold: ClassVar[tuple[str, ...]] = ("gm", "wm")
    observer: ClassVar[type[Observer]] = VolumeAndShell
    # a hippocampus is 8 to 10 mm thick: in larger voxels it has no inside that could be told from its interface
    coarsest_mm: ClassVar[float] = 4.0

    def factor(self, amount: float) -> float:
        """Share of the tissue that is left."""
        return 1 - float(np.clip(amount, -MOST, MOST))

    def content(self, near: Near) -> np.ndarray:
        """Tissue shrinks."""
        return near.tissue

    def room(self, near: Near) -> np.ndarray:
        """Fluid makes up for it; what tissue shares its voxels widens too."""
        return near.fluid
