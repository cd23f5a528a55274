"""The ICBM152 2009a symmetric average brain that nilearn carries, at any resolution from 2 to 8 mm."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from bench.contracts import bounded
from simulators.anatomy.grid import Grid
from simulators.anatomy.protocol import PARTED, Template
from simulators.anatomy.regions import named
from simulators.anatomy.templated import Templated


@bounded
@dataclass(frozen=True)
class MNI152(Templated):
    """Subjects are smooth, invertible deformations of the ICBM152 2009a symmetric average.

    resolution_mm: voxel size. shape: how subjects differ in shape.
    Sources: Fonov et al. 2011, NeuroImage 54:313, as shipped by nilearn (no download); regions of
    `desikan_killiany/SOURCE.md`.
    """

    version: ClassVar[str] = "4"

    @property
    def named(self) -> tuple[Template, tuple[str, ...]]:
        """The average brain on this grid, and its regions' names."""
        return _named(float(self.resolution_mm))


@lru_cache(maxsize=2)
def _named(resolution: float) -> tuple[Template, tuple[str, ...]]:
    grid = Grid.covering(resolution)
    t1, (gm, wm, csf) = averages(grid, PARTED)
    brain = gm + wm + csf
    inside = brain > 0.9
    means = np.linalg.lstsq(np.stack([gm, wm, csf])[:, inside].T, t1[inside], rcond=None)[0]
    detail = np.where(brain > 0, t1 - np.tensordot(means, np.stack([gm, wm, csf]), axes=1), 0)
    return named(grid, np.stack([gm, wm, brain, detail]).astype(np.float32), parted=PARTED)


def averages(grid: Grid, parted: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """T1 intensities (D, H, W) and shares (3, D, H, W) of grey matter, white matter and fluid on a grid.

    parted: values a voxel along each axis, as in `Grid.average`.
    """
    # nilearn takes over a second to import, which commands that draw no subject need not pay
    from nilearn import datasets

    loaders = (datasets.load_mni152_gm_template, datasets.load_mni152_wm_template, datasets.load_mni152_template)
    images = [load(resolution=1) for load in loaders]
    gm, wm, t1 = (grid.average(i.get_fdata(dtype=np.float32), i.affine[:3, 3], 1.0, parted) for i in images)
    brain = np.clip(t1 / 0.45, 0, 1)
    fit = np.minimum(1, brain / np.maximum(gm + wm, 1e-6))
    return t1, np.stack([gm * fit, wm * fit, brain - (gm + wm) * fit])
