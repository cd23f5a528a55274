"""The ICBM152 2009a symmetric average brain that nilearn carries, at any resolution from 2 to 8 mm."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch.nn.functional import grid_sample

from simulators.anatomy import regions
from simulators.anatomy.shape import Shape
from simulators.checks import between

#: the box the grid must cover (MNI mm): the whole template brain with a margin for large heads
BOX = np.array([[-76.0, 76.0], [-108.0, 78.0], [-72.0, 82.0]])
#: every grid axis is a multiple of this, so that three halvings fit
STRIDE = 8


class Template(NamedTuple):
    """The average brain on a grid.

    maps: (4, D, H, W) float32: GM, WM and brain shares, and the T1 detail that tissues do not explain.
    labels: (D, H, W) int16. points: (D, H, W, 3) voxel centres in MNI mm. affine: (4, 4).
    """

    maps: np.ndarray
    labels: np.ndarray
    points: np.ndarray
    affine: np.ndarray


class Warped(NamedTuple):
    """A subject's healthy anatomy: maps (4, D, H, W) float32 and labels (D, H, W) int16, after one interpolation."""

    maps: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class MNI152:
    """Subjects are smooth, invertible deformations of the ICBM152 2009a symmetric average.

    resolution_mm: voxel size. shape: how subjects differ in shape.
    Source: Fonov et al. 2011, NeuroImage 54:313, as shipped by nilearn (no download).
    """

    version: ClassVar[str] = "1"
    resolution_mm: float = 6.5
    shape: Shape = field(default_factory=Shape)

    def __post_init__(self) -> None:
        between("anatomy.resolution_mm", self.resolution_mm, 2, 8, "mm")

    @property
    def template(self) -> Template:
        """The average brain on this grid."""
        return _template(float(self.resolution_mm))

    @property
    def grid(self) -> tuple[int, int, int]:
        """Voxels along x (left to right), y (back to front), z (bottom to top)."""
        return self.template.labels.shape  # type: ignore[return-value]

    @property
    def region_names(self) -> tuple[str, ...]:
        """Names in label order: label r is `region_names[r - 1]`."""
        return regions.names()

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """One subject's shape latents by name."""
        return self.shape.draw(rng, np.asarray(self.grid) * self.resolution_mm)

    def warp(self, latents: dict[str, np.ndarray]) -> Warped:
        """A subject's anatomy: the template's maps by one linear interpolation, its labels by nearest neighbour."""
        template = self.template
        position = self.shape.displace(template.points, latents)
        voxel = (position - template.affine[:3, 3].astype(np.float32)) / np.float32(self.resolution_mm)
        # grid_sample wants coordinates in [-1, 1], last axis first
        unit = 2 * voxel / (np.asarray(self.grid, np.float32) - 1) - 1
        where = torch.from_numpy(np.ascontiguousarray(unit[..., ::-1]))[None]
        maps = grid_sample(torch.from_numpy(template.maps)[None], where, align_corners=True)[0]
        labels = torch.from_numpy(template.labels.astype(np.float32))[None, None]
        nearest = grid_sample(labels, where, mode="nearest", align_corners=True)[0, 0]
        return Warped(maps.numpy(), nearest.numpy().astype(np.int16))


def _overlap(start: float, count: int, size: float, source_start: float, source_count: int) -> np.ndarray:
    """Weights (count, source_count) that average 1 mm source voxels over target voxels of `size` mm, by overlap."""
    low = start - size / 2 + size * np.arange(count)[:, None]
    source_low = source_start - 0.5 + np.arange(source_count)
    shared = np.minimum(low + size, source_low + 1) - np.maximum(low, source_low)
    return (np.clip(shared, 0, None) / size).astype(np.float32)


@lru_cache(maxsize=2)
def _template(resolution: float) -> Template:
    # nilearn takes over a second to import, which commands that draw no subject need not pay
    from nilearn import datasets

    span = BOX[:, 1] - BOX[:, 0]
    count = (np.ceil(span / resolution / STRIDE) * STRIDE).astype(int)
    origin = BOX.mean(1) - resolution * (count - 1) / 2
    loaders = (datasets.load_mni152_gm_template, datasets.load_mni152_wm_template, datasets.load_mni152_template)
    averaged = []
    for load in loaders:
        image = load(resolution=1)
        volume = image.get_fdata(dtype=np.float32)
        for axis in range(3):
            weights = _overlap(origin[axis], count[axis], resolution, image.affine[axis, 3], volume.shape[axis])
            volume = np.moveaxis(np.tensordot(weights, volume, axes=(1, axis)), 0, axis)
        averaged.append(volume)
    gm, wm, t1 = averaged
    brain = np.clip(t1 / 0.45, 0, 1)
    total = np.maximum(gm + wm, 1e-6)
    gm, wm = gm * np.minimum(1, brain / total), wm * np.minimum(1, brain / total)
    tissues = np.stack([gm, wm, brain - gm - wm])
    inside = brain > 0.9
    means = np.linalg.lstsq(tissues[:, inside].T, t1[inside], rcond=None)[0]
    detail = np.where(brain > 0, t1 - np.tensordot(means, tissues, axes=1), 0) * brain
    axes = [origin[a] + resolution * np.arange(count[a]) for a in range(3)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).astype(np.float32)
    labels = regions.label(points, {"gm": gm, "wm": wm, "csf": brain - gm - wm})
    affine = np.diag([resolution] * 3 + [1.0])
    affine[:3, 3] = origin
    return Template(np.stack([gm, wm, brain, detail]).astype(np.float32), labels, points, affine)
