"""The phantom's tissues: implicit surfaces of the right half, in MNI millimetres."""

import numpy as np
from scipy.ndimage import distance_transform_edt

from simulators.anatomy.folding import sulci
from simulators.anatomy.solids import ellipsoid, share, tube, union

#: thickness of the cortical ribbon and of the fluid around the brain; half the width of a sulcus (mm)
CORTEX_MM, RIM_MM, SULCUS_MM = 3.8, 2.0, 0.8
#: the callosum is the outer shell of an ellipse in the sagittal plane: centre (y, z) and radii (mm)
ARCH, ARCH_RADII = (-5.0, 4.0), (38.0, 26.0)


def tissue(points: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Shares of grey matter, white matter and brain, and the T1 detail, of the right half: (4, D, H, W) float32.

    points: (D, H, W, 3) voxel centres in MNI mm, evenly `voxel_mm` apart, from the midline to the right. The brain
    holds the fluid of ventricles, fissures and sulci.
    """
    cerebrum, cerebellum, stem = _cerebrum(points), _cerebellum(points), _stem(points)
    hull = union(cerebrum, cerebellum, stem)
    brain = share(distance_transform_edt(hull > 0, sampling=voxel_mm) - RIM_MM, voxel_mm)

    gm, wm = _cortex(points, cerebrum, voxel_mm)
    nuclei, bridge = share(_nuclei(points), voxel_mm), share(_callosum(points), voxel_mm)
    gm, wm = np.maximum(gm, nuclei) * (1 - bridge), np.maximum(wm * (1 - nuclei), bridge)
    folia, branches = _folia(points, cerebellum, voxel_mm)
    trunk = share(union(stem, _peduncle(points), blend=4.0), voxel_mm)
    gm, wm = np.maximum(gm, folia) * (1 - trunk), np.maximum.reduce([wm, branches, trunk])
    dry = 1 - share(_ventricles(points), voxel_mm)
    fit = dry * np.minimum(1, brain / np.maximum(gm + wm, 1e-6))
    return np.stack([gm * fit, wm * fit, brain, _detail(points, trunk, voxel_mm) * dry]).astype(np.float32)


def _cerebrum(p: np.ndarray) -> np.ndarray:
    """Both hemispheres without sulci: an egg with a floor, and temporal lobes under it."""
    x, y, z = np.moveaxis(p, -1, 0)
    egg = ellipsoid(p, (0, -17, 12), (70, 88, 68))
    # the tent over the cerebellum is high at the midline, the orbital floor is flat
    tent = 0 - 0.25 * x + 0.2 * (y + 50)
    behind = np.clip((-38 - y) / 20, 0, 1)
    orbit = np.interp(y, (-40, -5, 12, 40, 75), (-26, -18, -24, -26, -14)) + np.clip(y, 0, 20) / 20 * (x / 15) ** 2
    floor = behind * tent + (1 - behind) * orbit
    cistern = ellipsoid(p, (0, -14, -29), (15, 25, 21))
    bulk = np.maximum.reduce([egg, (floor - z) * 0.9, -cistern])
    temporal = ellipsoid(p, (41, -9, -23), (24, 36, 25))
    return union(bulk, temporal, blend=6.0)


def _fissures(p: np.ndarray) -> np.ndarray:
    """Distance in mm to the sheets that every brain has: between the hemispheres, and the Sylvian fissure."""
    x, y, z = np.moveaxis(p, -1, 0)
    between = np.where(_arch(p) > 1, x, np.inf)
    above = z - (-5 - 0.42 * (y - 10))
    lips = np.where((x > 41 - 0.5 * np.clip(y - 8, 0, 20)) & (y > -50) & (y < 30), above + 1.5 * np.sin(x / 3), np.inf)
    dome = x - 44 + 0.1 * np.abs(y) + above**2 / 45
    insula = np.where((above / 15) ** 2 + ((y + 2) / 24) ** 2 < 1, dome, np.inf)
    return np.minimum.reduce([between, np.abs(lips) * 0.92, np.abs(insula)])


def _arch(p: np.ndarray) -> np.ndarray:
    """1 on the callosum's outer edge, seen from the side; less inside the arch."""
    return np.hypot((p[..., 1] - ARCH[0]) / ARCH_RADII[0], (p[..., 2] - ARCH[1]) / ARCH_RADII[1])


def _cortex(p: np.ndarray, cerebrum: np.ndarray, voxel_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Shares of cortex and of the white matter under it."""
    solid = (cerebrum < 0) & (_fissures(p) > SULCUS_MM)
    inside = solid & (sulci(solid, p, voxel_mm, wavelength_mm=27.0, depth_mm=(9.0, 18.0)) > SULCUS_MM)
    depth = distance_transform_edt(inside, sampling=voxel_mm)
    ribbon = np.clip((CORTEX_MM - depth) / voxel_mm + 0.5, 0, 1) * inside
    return ribbon, inside - ribbon


def _nuclei(p: np.ndarray) -> np.ndarray:
    hippocampus = tube(p, ((23, -11, -20), (27, -22, -15), (28, -34, -6)), (6.0, 5.5, 4.0))
    return np.minimum.reduce([
        _thalamus(p),
        ellipsoid(p, (14, 13, 10), (5.5, 14, 10)),
        tube(p, ((15, 2, 19), (18, -16, 20)), (4.0, 2.5)),
        _putamen(p),
        _pallidum(p),
        ellipsoid(p, (23, -3, -20), (8, 8, 8)),
        hippocampus,
    ])  # fmt: skip


def _thalamus(p: np.ndarray) -> np.ndarray:
    return ellipsoid(p, (10.5, -19, 8), (8.5, 14, 9))


def _putamen(p: np.ndarray) -> np.ndarray:
    """An ellipsoid that leans outwards from front to back."""
    leaning = np.stack([p[..., 0] + 0.18 * (p[..., 1] - 3), p[..., 1], p[..., 2]], -1)
    return ellipsoid(leaning, (27, 3, 1), (5.0, 16, 10))


def _pallidum(p: np.ndarray) -> np.ndarray:
    return ellipsoid(p, (19.5, -3, -1), (4.0, 8, 6))


def _callosum(p: np.ndarray) -> np.ndarray:
    """The callosum, and the septum below it."""
    x, y, z = np.moveaxis(p, -1, 0)
    arch = np.abs(_arch(p) - 0.9) * 26 - 2.8
    bridge = np.maximum.reduce([arch, x - 16, -z - 1])
    septum = np.maximum.reduce([x - 0.9, (_arch(p) - 0.9) * 26, 6 - z, np.abs(y - 8) - 20])
    return np.minimum(bridge, septum)


def _ventricles(p: np.ndarray) -> np.ndarray:
    """Lateral ventricles with their three horns, the third and the fourth."""
    front = ((8, 27, 2), (6.5, 20, 9), (6, 6, 17), (8, -12, 19), (14, -29, 18), (24, -41, 13))
    back = ((24, -41, 13), (25, -60, 8), (23, -74, 7))
    lower = ((24, -40, 12), (30, -36, 0), (34, -26, -10), (33, -14, -16), (29, -10, -19))
    horns = (
        tube(p, front, (3.0, 5.0, 5.5, 5.0, 5.5, 6.0)),
        tube(p, back, (6.0, 3.5, 1.5)),
        tube(p, lower, (5.5, 3.5, 2.6, 2.4, 1.8)),
    )
    # the septum keeps the two apart
    lateral = np.maximum(union(*horns), 1.0 - p[..., 0])
    third = ellipsoid(p, (0, -12, 0), (2.4, 15, 11))
    fourth = ellipsoid(p, (0, -43, -33), (7, 4, 9))
    return np.minimum.reduce([lateral, third, fourth])


def _stem(p: np.ndarray) -> np.ndarray:
    """Midbrain, pons and medulla."""
    spine = tube(p, ((0, -16, -4), (0, -26, -16), (0, -32, -34), (0, -38, -52), (0, -43, -76)), (11, 11, 11, 8, 6.5))
    pons = ellipsoid(p, (0, -25, -34), (18, 12, 13))
    crus = tube(p, ((12, -14, -6), (8, -22, -22)), (6.0, 6.0))
    return union(spine, pons, crus, blend=4.0)


def _peduncle(p: np.ndarray) -> np.ndarray:
    return tube(p, ((12, -30, -34), (20, -48, -36)), (7.0, 6.0))


def _cerebellum(p: np.ndarray) -> np.ndarray:
    lobe = ellipsoid(p, (24, -63, -38), (30, 28, 24))
    vermis = ellipsoid(p, (0, -62, -28), (13, 24, 23))
    return union(lobe, vermis, blend=6.0)


def _folia(p: np.ndarray, cerebellum: np.ndarray, voxel_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the cerebellum's cortex and of the white matter that branches into it."""
    depth = distance_transform_edt(cerebellum < 0, sampling=voxel_mm)
    # folia run from side to side, so they fan out around an axis along x
    angle = np.arctan2(p[..., 2] + 36, p[..., 1] + 50)
    between = share(np.abs(np.sin(11 * angle)) * 4 - 0.8, voxel_mm) * (depth < 7) * 0.6
    inside = share(cerebellum, voxel_mm)
    branch = (np.abs(np.cos(5.5 * angle)) * 6 < 1.8) & (depth > 3.5)
    white = np.where(branch, 1, share(15.5 - depth, voxel_mm)).astype(np.float32) * inside
    return np.maximum(inside * (1 - between) - white, 0), white


def _detail(p: np.ndarray, trunk: np.ndarray, voxel_mm: float) -> np.ndarray:
    """T1 signal that tissues do not explain: nuclei rich in myelin are brighter, the brain stem is darker."""
    nuclei = 0.07 * share(_thalamus(p), voxel_mm) + 0.16 * share(_pallidum(p), voxel_mm)
    return nuclei * (1 - trunk) - 0.06 * trunk
