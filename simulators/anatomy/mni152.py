"""The ICBM152 2009a symmetric average brain that nilearn carries, at any resolution from 2 to 8 mm."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from bench.contracts import bounded
from simulators.anatomy import regions
from simulators.anatomy.grid import Grid
from simulators.anatomy.protocol import PARTED, Template
from simulators.anatomy.templated import Templated


@bounded
@dataclass(frozen=True)
class MNI152(Templated):
    """Subjects are smooth, invertible deformations of the ICBM152 2009a symmetric average.

    resolution_mm: voxel size. shape: how subjects differ in shape.
    Source: Fonov et al. 2011, NeuroImage 54:313, as shipped by nilearn (no download).
    """

    version: ClassVar[str] = "2"

    @property
    def template(self) -> Template:
        """The average brain on this grid."""
        return _template(float(self.resolution_mm))


@lru_cache(maxsize=2)
def _template(resolution: float) -> Template:
    # nilearn takes over a second to import, which commands that draw no subject need not pay
    from nilearn import datasets

    grid = Grid.covering(resolution)
    loaders = (datasets.load_mni152_gm_template, datasets.load_mni152_wm_template, datasets.load_mni152_template)
    images = [load(resolution=1) for load in loaders]
    gm, wm, t1 = (grid.average(i.get_fdata(dtype=np.float32), i.affine[:3, 3], 1.0, parted=PARTED) for i in images)
    brain = np.clip(t1 / 0.45, 0, 1)
    total = np.maximum(gm + wm, 1e-6)
    gm, wm = gm * np.minimum(1, brain / total), wm * np.minimum(1, brain / total)
    tissues = np.stack([gm, wm, brain - gm - wm])
    inside = brain > 0.9
    means = np.linalg.lstsq(tissues[:, inside].T, t1[inside], rcond=None)[0]
    detail = np.where(brain > 0, t1 - np.tensordot(means, tissues, axes=1), 0) * brain
    fine = np.stack([gm, wm, brain, detail]).astype(np.float32)
    maps, shares = (np.ascontiguousarray(a[:, ::PARTED, ::PARTED, ::PARTED]) for a in (fine, tissues))
    labels = regions.label(grid.points, dict(zip(("gm", "wm", "csf"), shares, strict=True)))
    return Template(maps, labels, grid.points, grid.affine, fine)
