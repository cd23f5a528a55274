"""The user's own healthy scans as anatomies, so that pathology is planted in real images."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from bench.contracts import BadInput, bounded, impossible, users_path
from bench.contracts.simulator import Heads
from simulators.anatomy.grid import Grid
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.nifti import Image, read
from simulators.anatomy.placement import onto
from simulators.anatomy.protocol import Template, Warped
from simulators.anatomy.regions import named
from simulators.anatomy.scan_files import inside, mask_of, require_masks, scan_files
from simulators.anatomy.segment import foreground, largest, tissues
from simulators.anatomy.shape import Shape
from simulators.anatomy.templated import Templated, at_positions
from simulators.contrast import Contrast

#: centroid and standard deviation along each axis of the ICBM152 2009a brain (MNI mm)
CENTRE, SPREAD = np.array([0.0, -21.9, 9.6]), np.array([33.5, 40.7, 31.5])
#: how far a registered brain's centroid (mm) and spread (relative) may be from these
FAR_MM, FAR_SPREAD = 15.0, 0.2
#: litres that no brain with its fluid fills; the average brain has 1.9
LARGEST = 2.2
#: how much that is bright may lie apart from a brain whose skull was stripped, as a share of the brain
BESIDE = 0.1


@bounded
@dataclass(frozen=True)
class Scans(Templated):
    """Subjects are smooth, invertible deformations of the scans in a folder, each of one scan drawn at random.

    Scans are skull-stripped T1-weighted images of healthy people in MNI space, or `masks` is a folder with a brain mask
    for each, of the same file name or of its name among BIDS derivatives, on any grid: regions are found by position.
    Scans and masks are put on the grid by their own affines; shares of tissue come from the intensities, and what
    tissues do not explain is kept as detail, so that mixing with the T1 intensities gives the scan back. Its noise and
    bias field stay in the image. Results are known by the files' bytes; a process reads each file once.

    folder, pattern: where the files are, and which. alignment: "world" trusts the files' positions and refuses a
    brain far from the average one, "moments" moves and scales each axis until centroid and spread are the average's.
    """

    version: ClassVar[str] = "4"
    heads: ClassVar[Heads] = "scans"
    # scans have positions and shapes of their own, so the default adds little
    shape: Shape = field(default_factory=lambda: Shape(size=0.01, aspect=0.01, ventricles=0.12, field_mm=0.8))
    folder: str = ""
    pattern: str = "*.nii*"
    masks: str | None = None
    alignment: Literal["world", "moments"] = "world"

    def __post_init__(self) -> None:
        if not self.paths:
            healthy = f"a folder of healthy NIfTI scans whose names match pattern={self.pattern!r}"
            raise impossible(self, "folder", self.folder, healthy)
        if self.masks:
            require_masks(self.masks, self.paths)
        for path in self.paths:
            _usable(path, mask_of(self.masks, path))

    @staticmethod
    def files_of(node: Mapping[str, Any]) -> tuple[Path, ...]:
        """The scans, by name, and their masks."""
        scans = scan_files(node["folder"], node["pattern"])
        masks = (mask_of(node["masks"], scan) for scan in scans)
        return (*scans, *(mask for mask in masks if mask))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The scans' files, by name."""
        return scan_files(self.folder, self.pattern)

    @property
    def named(self) -> tuple[Template, tuple[str, ...]]:
        """The first scan, standing in for all, because they share the grid, and the regions that the grid can show."""
        return self.source(0), MNI152(self.resolution_mm).region_names

    def source(self, scan: int) -> Template:
        """One scan on the grid, with its tissues and regions."""
        path = self.paths[scan]
        return _source(path, mask_of(self.masks, path), float(self.resolution_mm), self.alignment)

    @property
    def grid(self) -> tuple[int, int, int]:
        """Voxels along x (left to right), y (back to front), z (bottom to top)."""
        x, y, z = (int(n) for n in Grid.covering(float(self.resolution_mm)).voxels)
        return x, y, z

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """One subject's shape latents by name, and its `scan`.

        The scan is drawn, because one counted off by the subject's number would go with the subject's label.
        """
        return {**super().draw(rng), "scan": int(rng.integers(len(self.paths)))}

    def file_of(self, latents: Mapping[str, Any]) -> str:
        """The scan of a subject, by its name within the folder."""
        return self.paths[latents["scan"]].relative_to(users_path(self.folder)).as_posix()

    def resample(self, position: np.ndarray, latents: Mapping[str, Any]) -> Warped:
        """The subject's scan found at positions (D, H, W, 3) in mm."""
        return at_positions(self.source(latents["scan"]), position)


# a folder is looked through once, before anything is computed
@lru_cache(maxsize=4096)
def _usable(path: Path, mask: Path | None) -> None:
    image = read(path)
    if mask:
        inside(mask, image)


def _brain(scan: Image) -> np.ndarray:
    """Voxels (A, B, C) bool of the brain of a skull-stripped scan."""
    bright = foreground(scan.volume)
    brain = largest(bright)
    if (bright & ~brain).sum() > BESIDE * brain.sum():
        raise BadInput(
            f"{scan.path}: much of it that is bright lies apart from the brain, as a scalp does; strip its skull, or "
            "give a mask in anatomy.masks"
        )
    return brain


@lru_cache(maxsize=256)
def _source(path: Path, mask_path: Path | None, resolution: float, alignment: str) -> Template:
    image, grid, contrast = read(path), Grid.covering(resolution), Contrast()
    mask = inside(mask_path, image) if mask_path else _brain(image)
    shares, means = tissues(image.volume, mask)
    if not means[2] < means[0] < means[1]:
        raise BadInput(f"{path}: fluid, grey and white matter cannot be told apart; give a T1-weighted scan")
    affine = _aligned(image, mask, alignment)
    gm, wm, csf = (onto(grid, share, affine) for share in shares)
    _check_contrast(path, {"grey matter": gm, "white matter": wm, "fluid": csf}, resolution)
    # one line for all tissues keeps the scan's own contrast of fluid; grey and white matter get the T1 intensities
    slope = (contrast.wm - contrast.gm) / (means[1] - means[0])
    signal = onto(grid, np.where(mask, contrast.gm + slope * (image.volume - means[0]), 0), affine)
    detail = signal - (contrast.gm * gm + contrast.wm * wm + contrast.csf * csf)
    maps = np.stack([gm, wm, gm + wm + csf, detail]).astype(np.float32)
    # its gyri are not those of the brain that the regions were drawn on
    return named(grid, maps, np.inf, MNI152(resolution).region_names)[0]


def _check_contrast(path: Path, shares: Mapping[str, np.ndarray], resolution: float) -> None:
    """Refuse a scan whose tissues are not where the average brain has them.

    Fitted intensities stay in their order, whatever the contrast; only the place tells tissues apart.
    """
    gm, wm, brain, _ = MNI152(resolution).template.maps
    places = {"white matter": wm, "fluid": brain - gm - wm, "grey matter": gm}
    shades = ("brightest", "darkest", "in between")
    for (tissue, place), shade in zip(places.items(), shades, strict=True):
        held = {name: float((share * place).sum() / share.sum()) for name, share in shares.items()}
        if held[tissue] < max(held.values()):
            raise BadInput(f"{path}: what is {shade} is not where {tissue} is; give a T1-weighted scan")


def _aligned(image: Image, mask: np.ndarray, alignment: str) -> np.ndarray:
    """Voxels of a scan to MNI mm (4, 4), of a brain that lies where the average brain does."""
    world = np.argwhere(mask) @ image.affine[:3, :3].T + image.affine[:3, 3]
    centre, spread = world.mean(0), world.std(0)
    litres = len(world) * abs(np.linalg.det(image.affine[:3, :3])) / 1e6
    if litres > LARGEST:
        raise BadInput(
            f"{image.path}: its brain of {litres:.1f} litres is more than a brain (at most {LARGEST:g}); strip its "
            "skull, or give a mask in anatomy.masks"
        )
    if not spread.all():
        raise BadInput(f"{image.path}: its brain is flat; give a 3D scan of it")
    if alignment == "moments":
        scale = SPREAD / spread
        to_mni = np.diag([*scale, 1.0])
        to_mni[:3, 3] = CENTRE - scale * centre
        return to_mni @ image.affine
    if np.linalg.norm(centre - CENTRE) > FAR_MM or np.abs(spread / SPREAD - 1).max() > FAR_SPREAD:
        raise BadInput(
            f"{image.path}: its brain is centred at {np.round(centre)} mm with spread {np.round(spread)}, the average "
            f"brain at {CENTRE} with {SPREAD}; register it to MNI space, strip its skull, or set "
            "anatomy.alignment=moments"
        )
    return image.affine
