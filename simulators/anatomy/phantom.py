"""A brain made of formulas alone: no data file, at any resolution from 2 to 8 mm."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from bench.contracts import bounded
from bench.contracts.simulator import Heads
from simulators.anatomy.grid import Grid
from simulators.anatomy.phantom_tissue import tissue
from simulators.anatomy.protocol import PARTED, Template
from simulators.anatomy.regions import named
from simulators.anatomy.templated import Templated

#: voxels on which the formulas are evaluated before they are averaged over the grid's (mm)
FINE_MM = 1.5


@bounded
@dataclass(frozen=True)
class Phantom(Templated):
    """Subjects are smooth, invertible deformations of a procedural brain in MNI millimetres.

    Hemispheres with a fissure, folded cortex, white matter, callosum, ventricles, deep nuclei, cerebellum and brain
    stem as implicit surfaces; the same regions as the average brain's. Its sides mirror each other.
    resolution_mm: voxel size. shape: how subjects differ in shape.
    """

    version: ClassVar[str] = "4"
    heads: ClassVar[Heads] = "phantom"

    @property
    def named(self) -> tuple[Template, tuple[str, ...]]:
        """The procedural brain on this grid, and its regions' names."""
        return _named(float(self.resolution_mm))


@lru_cache(maxsize=2)
def _named(resolution: float) -> tuple[Template, tuple[str, ...]]:
    grid, (maps, origin) = Grid.covering(resolution), _fine()
    averages = np.stack([grid.average(m, origin, FINE_MM, PARTED) for m in maps])
    # its gyri are not those of the brain that the regions were drawn on
    return named(grid, averages.astype(np.float32), reach_mm=np.inf, parted=PARTED)


@lru_cache(maxsize=1)
def _fine() -> tuple[np.ndarray, np.ndarray]:
    """Tissues (4, D, H, W) on the fine grid, and the centre of its first voxel."""
    fine = Grid.covering(FINE_MM, stride=1)
    right = tissue(fine.points[fine.voxels[0] // 2 :], FINE_MM)
    return np.concatenate([right[:, ::-1], right], axis=1), fine.origin
