"""Cortical thinning: a shell of the ribbon, thinner than a voxel, turns to fluid or to white matter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from bench.contracts import Between, bounded
from simulators.observe.deformation import VolumeAndShell
from simulators.observe.observers import Observer
from simulators.pathology.regional import RegionalPathology
from simulators.space.place import Place

#: thickness of healthy cortex (Fischl & Dale 2000, PNAS 97:11050); least grey matter of a voxel that holds ribbon
RIBBON_MM, LEAST = 2.5, 0.02


@bounded
@dataclass(frozen=True)
class Thinning(RegionalPathology):
    """Cortical thinning.

    surface: the side that moves, `pial` (grey matter turns to fluid) or `white` (to white matter). depth_mm: thickness
    of the ribbon lost at amplitude 1 and severity 1.
    """

    version: ClassVar[str] = "4"
    family: ClassVar[str] = "thinning"
    summary: ClassVar[str] = (
        "Cortex of named regions that has lost thickness on one side, graded by a subject's severity."
    )
    tissues: ClassVar[tuple[str, ...]] = ("gm",)
    regions_hold: ClassVar[tuple[str, ...]] = ("gm",)
    observer: ClassVar[type[Observer]] = VolumeAndShell
    # a millimetre of ribbon is a quarter of this voxel, and both banks of a sulcus share a larger one
    coarsest_mm: ClassVar[float] = 4.0
    edge_mm: Annotated[float, Between(0, 20, unit="mm")] = 2.0
    surface: Literal["pial", "white"] = "pial"
    depth_mm: Annotated[float, Between(0.1, 2, unit="mm")] = 1.0

    @property
    def becomes(self) -> str:
        """The tissue beyond the surface that moves."""
        return "fluid" if self.surface == "pial" else "wm"

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of each voxel's grey matter that the surface sweeps.

        A surface of area A that moves by t sweeps t A, and the area in a voxel is the integral of the gradient's length
        of the share that lies beyond (co-area formula). A grid, and an average brain the more, blurs sulci away; so the
        regions' whole area is their grey matter over the ribbon's thickness, laid where the surface shows.
        """
        brain = place.warped.maps[2] > 0.5
        gm, wm = np.where(brain, place.warped.maps[:2], 0)
        area = np.where(gm > LEAST, _slope(gm + wm if self.surface == "pial" else wm, brain), 0)
        chosen = place.within(self.acting(latents))
        ribbon = gm[chosen].sum() / max(area[chosen].sum(), 1e-6)
        swept = self.depth_mm / RIBBON_MM * ribbon * area / np.maximum(gm, LEAST)
        return super().extent(place, latents) * swept.astype(np.float32)


def _slope(share: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Length (D, H, W) of a share's gradient per voxel; steps to both neighbours count, or a sulcus would not."""
    squares = np.zeros_like(share)
    for axis in range(3):
        along, within = (np.moveaxis(a, axis, 0) for a in (share, inside))
        steps = np.pad(np.abs(np.diff(along, axis=0)) * (within[1:] & within[:-1]), ((1, 1), (0, 0), (0, 0)))
        squares += np.moveaxis((steps[1:] + steps[:-1]) / 2, 0, axis) ** 2
    return np.sqrt(squares)
