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
from simulators.anatomy.nifti import read
from simulators.anatomy.placement import onto
from simulators.anatomy.protocol import Template, Warped
from simulators.anatomy.regions import named
from simulators.anatomy.scan_files import inside, mask_of, require_masks, scan_files
from simulators.anatomy.scan_tissues import told_apart
from simulators.anatomy.shape import Shape
from simulators.anatomy.templated import Templated, at_positions
from simulators.contrast import Contrast

#: mm between the voxels by which a scan is judged before anything is computed
COARSE_MM = 4.0


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
            _look(path, mask_of(self.masks, path), float(self.resolution_mm), self.alignment)

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
def _look(path: Path, mask_path: Path | None, resolution: float, alignment: str) -> None:
    """Refuse a scan that cannot serve, by some of its voxels; what these refuse is looked at in full, which decides."""
    image = read(path)
    mask = inside(mask_path, image) if mask_path else None
    few = tuple(
        slice(None, None, max(1, int(COARSE_MM / edge))) for edge in np.linalg.norm(image.affine[:3, :3], axis=0)
    )
    step = np.diag([*(part.step for part in few), 1.0])
    coarse = image._replace(volume=image.volume[few], affine=image.affine @ step)
    try:
        told_apart(coarse, None if mask is None else mask[few], resolution, alignment)
    # few voxels may miss a small brain
    except (BadInput, ValueError, IndexError):
        told_apart(image, mask, resolution, alignment)


@lru_cache(maxsize=256)
def _source(path: Path, mask_path: Path | None, resolution: float, alignment: str) -> Template:
    image, contrast = read(path), Contrast()
    scan = told_apart(image, inside(mask_path, image) if mask_path else None, resolution, alignment)
    grid, (gm, wm, csf), means = Grid.covering(resolution), scan.shares, scan.means
    # one line for all tissues keeps the scan's own contrast of fluid; grey and white matter get the T1 intensities
    slope = (contrast.wm - contrast.gm) / (means[1] - means[0])
    signal = onto(grid, np.where(scan.mask, contrast.gm + slope * (image.volume - means[0]), 0), scan.affine)
    detail = signal - (contrast.gm * gm + contrast.wm * wm + contrast.csf * csf)
    maps = np.stack([gm, wm, gm + wm + csf, detail]).astype(np.float32)
    # its gyri are not those of the brain that the regions were drawn on
    return named(grid, maps, np.inf, MNI152(resolution).region_names)[0]
