"""Ventricular enlargement: the lateral ventricles grow and push the white matter around them outwards."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bench.contracts import Between, bounded
from simulators.anatomy.parcellation import VENTRICLES
from simulators.observe.deformation import Ventricular
from simulators.observe.observers import Observer
from simulators.pathology.resizing import Near, Resizing

#: limits of the linear growth
LEAST, MOST = -0.4, 0.8


@bounded
@dataclass(frozen=True)
class Ventricles(Resizing):
    """Ventricular enlargement.

    The amount is the linear growth, the cube root of the ventricles' relative volume minus 1, between -0.4 and 0.8.
    """

    version: ClassVar[str] = "4"
    family: ClassVar[str] = "deformation"
    summary: ClassVar[str] = "Lateral ventricles that are larger than the subject's own."
    regions_hold: ClassVar[tuple[str, ...]] = ("csf",)
    observer: ClassVar[type[Observer]] = Ventricular
    # a body of the ventricles is 7 to 10 mm wide: in larger voxels its wall moves within the fluid's own voxel
    coarsest_mm: ClassVar[float] = 7.0
    regions: tuple[str, ...] = VENTRICLES
    reach_mm: Annotated[float, Between(8, 60, unit="mm")] = 30.0

    def factor(self, amount: float) -> float:
        """Volume after over volume before."""
        return (1 + float(np.clip(amount, LEAST, MOST))) ** 3

    def content(self, near: Near) -> np.ndarray:
        """All of a ventricle grows, or its middle would outgrow its rim."""
        return np.ones_like(near.chosen)

    def room(self, near: Near) -> np.ndarray:
        """All that lies around the ventricles gives way."""
        return (1 - near.chosen) * (near.tissue + near.fluid)
