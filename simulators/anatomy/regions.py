"""Named regions in MNI millimetres: deep structures as ellipsoids, cortex and white matter by seed points.

The list is our own. A seed region takes the voxels of its tissue that lie nearest to one of its seeds; an ellipsoid
takes its inside first. All coordinates are of the right hemisphere (x > 0); the left is its mirror image, and
midline regions are not split.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from bench.contracts import RegionName

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Region:
    """One structure: seeds inside a tissue ("gm" or "wm"), or, with radii, an ellipsoid around its only seed (mm)."""

    name: str
    tissue: str
    seeds: tuple[Point, ...]
    radii: Point | None = None
    midline: bool = False


REGIONS = (
    Region("hippocampus", "any", ((27, -21, -15),), (8, 17, 9)),
    Region("amygdala", "any", ((23, -3, -20),), (9, 8, 9)),
    Region("thalamus", "any", ((11, -19, 8),), (10, 15, 10)),
    Region("caudate", "any", ((14, 13, 10),), (7, 15, 11)),
    Region("putamen", "any", ((27, 3, 1),), (7, 16, 10)),
    Region("brain stem", "any", ((0, -29, -38),), (14, 14, 28), midline=True),
    Region("lateral ventricle", "csf", ((8, 8, 16), (12, -14, 20), (16, -38, 16))),
    Region("superior frontal gyrus", "gm", ((18, 34, 48), (12, 52, 30), (20, 10, 60))),
    Region("middle frontal gyrus", "gm", ((40, 32, 32), (38, 14, 48), (34, 52, 14))),
    Region("inferior frontal gyrus", "gm", ((50, 22, 10), (46, 36, 4))),
    Region("orbitofrontal cortex", "gm", ((26, 38, -14), (10, 40, -20))),
    Region("precentral gyrus", "gm", ((40, -8, 52), (52, 2, 30))),
    Region("postcentral gyrus", "gm", ((42, -26, 54), (56, -14, 34))),
    Region("superior parietal lobule", "gm", ((24, -60, 60), (30, -50, 62))),
    Region("inferior parietal lobule", "gm", ((56, -34, 34), (46, -62, 38))),
    Region("precuneus", "gm", ((8, -58, 48), (8, -66, 36))),
    Region("anterior cingulate cortex", "gm", ((6, 36, 14), (6, 22, 30))),
    Region("posterior cingulate cortex", "gm", ((7, -44, 26), (7, -14, 40))),
    Region("insula", "gm", ((39, 8, -2), (38, -10, 6))),
    Region("superior temporal gyrus", "gm", ((58, -20, 6), (52, 4, -8))),
    Region("lateral temporal cortex", "gm", ((62, -34, -6), (56, -8, -24), (52, -52, -12))),
    Region("temporal pole", "gm", ((38, 16, -32),)),
    Region("parahippocampal gyrus", "gm", ((22, -30, -18), (24, -10, -32))),
    Region("fusiform gyrus", "gm", ((36, -46, -18), (36, -24, -26))),
    Region("lateral occipital cortex", "gm", ((38, -82, 8), (32, -82, 24))),
    Region("medial occipital cortex", "gm", ((10, -80, 8), (12, -66, -4), (14, -94, 2))),
    Region("cerebellum", "gm", ((24, -60, -36), (38, -62, -34), (12, -70, -26), (10, -52, -18), (20, -44, -48))),
    Region("frontal white matter", "wm", ((26, 30, 16), (24, 6, 36))),
    Region("parietal white matter", "wm", ((26, -32, 36), (28, -54, 34))),
    Region("temporal white matter", "wm", ((42, -26, -8), (40, -2, -20))),
    Region("occipital white matter", "wm", ((28, -72, 6),)),
    Region("corpus callosum", "wm", ((0, 22, 12), (0, -4, 24), (0, -36, 14)), midline=True),
    Region("cerebellar white matter", "wm", ((16, -54, -34),)),
)


def _sides(region: Region) -> list[tuple[str, tuple[Point, ...]]]:
    """A region's named copies: "left ...", "right ...", or the midline one with its seeds mirrored too."""
    mirror = tuple((-x, y, z) for x, y, z in region.seeds)
    if region.midline:
        return [(region.name, region.seeds + mirror)]
    left, right = RegionName("left", region.name), RegionName("right", region.name)
    return [(str(left), mirror), (str(right), region.seeds)]


@cache
def names(regions: tuple[Region, ...] = REGIONS) -> tuple[str, ...]:
    """Region names in label order; label r is `names()[r - 1]`."""
    return tuple(name for region in regions for name, _ in _sides(region))


def label(points: np.ndarray, tissues: dict[str, np.ndarray], regions: tuple[Region, ...] = REGIONS) -> np.ndarray:
    """Label map (D, H, W) int16 on a grid.

    points: (D, H, W, 3) voxel centres in MNI mm. tissues: {"gm", "wm", "csf"} shares (D, H, W) of the brain;
    a voxel competes among the seeds of its dominant tissue. Voxels outside the brain are 0.
    """
    shares = np.stack([tissues[t] for t in ("gm", "wm", "csf")])
    brain, dominant = shares.sum(0) > 0.5, shares.argmax(0)
    labels = np.zeros(brain.shape, np.int16)
    nearest = np.full(brain.shape, np.inf, np.float32)
    copies = [(region, seeds) for region in regions for _, seeds in _sides(region)]
    for value, (region, seeds) in enumerate(copies, start=1):
        if region.radii is None:
            distance = np.min([np.linalg.norm(points - seed, axis=-1) for seed in seeds], axis=0)
            # a sulcus too thin for the grid is cortex, so only ventricles compete for fluid, and only nearby
            member = (
                (dominant == 2) & (distance < 22)
                if region.tissue == "csf"
                else (dominant != 1 if region.tissue == "gm" else dominant == 1)
            )
            distance = np.where(region.tissue == "csf", distance - 22, distance)
        else:
            distance = np.linalg.norm((points - seeds[0]) / region.radii, axis=-1) - 1e3
            member = distance <= 1 - 1e3
        closer = brain & member & (distance < nearest)
        labels[closer], nearest[closer] = value, distance[closer]
    return labels
