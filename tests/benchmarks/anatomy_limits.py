"""What the average brain and its variation lack, in numbers; written to results/benchmarks/anatomy_limits.csv.

python tests/benchmarks/anatomy_limits.py

The scan is `anatomical.nii`, a block of one person's head in voxels of 2 mm that nibabel carries for its own tests.
"""

from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import torch
from simulator_limits import shipped

from simulators.anatomy import draw_regions
from simulators.anatomy.grid import Grid
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.norms import size_norms
from simulators.anatomy.parcellation import parcellation
from simulators.anatomy.resampling import majority
from simulators.realism import texture
from simulators.realism.sizes import LEAST
from simulators.realism.volumes import regional_volumes

TABLE = Path(__file__).parents[2] / "results" / "benchmarks" / "anatomy_limits.csv"
SUBJECTS, EVERYBODY = 200, 2000
#: pairs of structures that go together, or do not, beside the volume of the brain
TOGETHER = (("thalamus", "lateral ventricle"), ("hippocampus", "amygdala"))
TISSUES = {"thalamus": "gm+wm", "lateral ventricle": "csf", "hippocampus": "gm+wm", "amygdala": "gm+wm"}
#: intracranial volume by the people of the cortex's own file (ml)
OWN_HEAD_ML = 1329.0
SCAN = Path(nibabel.__file__).parent / "tests" / "data" / "anatomical.nii"


def together() -> Iterator[tuple[str, float]]:
    """Correlation of what is left of two structures after a linear fit to the volume of the brain."""
    volumes = regional_volumes(shipped("mtl_atrophy").parts, {**TISSUES, "brain": "gm+wm"}, SUBJECTS)
    brain = volumes["brain"][:, 0] - volumes["brain"].mean()
    left = {name: volumes[name].mean(1) - volumes[name].mean() for name in TISSUES}
    rest = {name: values - brain * (brain @ values) / (brain @ brain) for name, values in left.items()}
    for one, other in TOGETHER:
        yield f"correlation of {one} and {other} beside the brain", np.corrcoef(rest[one], rest[other])[0, 1]


def drawn_as() -> Iterator[tuple[str, float]]:
    """Dice at 2 mm with the atlas before its halves were made each other's mirror."""
    anatomy, drawing, names = MNI152(resolution_mm=2.0), draw_regions.drawn(), parcellation().names
    template = anatomy.template
    grid = Grid(2.0, template.affine[:3, 3], np.array(template.labels.shape))
    whole = np.zeros((3, *template.labels.shape), np.float32)
    whole[0] = 1
    at = majority(grid, parcellation()._replace(labels=drawing.labels, affine=drawing.affine), whole)
    kept = template.maps[2] > 0.5
    dice = []
    for number in np.unique(drawing.labels[drawing.labels > 0]):
        ours = template.labels == anatomy.region_names.index(names[number - 1]) + 1
        theirs = (at == number) & kept
        dice.append(2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()))
    yield "Dice with the drawing before it was mirrored at 2 mm, mean", float(np.mean(dice))
    yield "the same, least", min(dice)
    yield f"the same, regions of {len(dice)} below 0.9", float((np.array(dice) < 0.9).sum())


def smaller() -> Iterator[tuple[str, float]]:
    """Cortical regions that would be too small for people's heads as the source of their volumes gives these."""
    cortex = [norm for norm in size_norms() if "avicortex" in norm.source]
    volumes = regional_volumes(
        shipped("mtl_atrophy").parts, {**{norm.structure: norm.tissue for norm in cortex}, "head": "all"}, 20
    )
    head = volumes["head"].mean()
    for what, own in (("the head of fcon1000's people", False), ("its own head", True)):
        ratios = [
            volumes[norm.structure].mean() / (norm.ml * head / (OWN_HEAD_ML if own else norm.head_ml))
            for norm in cortex
        ]
        yield f"cortical volume at 7 mm over people's by {what}, median", float(np.median(ratios))
        yield f"the same, regions of {len(ratios)} below {LEAST:g}", float((np.array(ratios) < LEAST).sum())


def scanned() -> Iterator[tuple[str, float]]:
    """Power over a real scan's, the lowest band of both set equal: the scan has noise, the simulated image none."""
    scan = texture.power(np.asarray(nibabel.load(SCAN).dataobj, np.float64), texture.VOXEL_MM)
    parts = shipped("mtl_atrophy").parts
    brains, average = texture.texture_blocks(parts)
    kinds = {
        kind: np.mean([texture.power(texture.block_image(parts, block), texture.VOXEL_MM) for block in blocks], 0)
        for kind, blocks in (("simulated", brains), ("average brain's", [average]))
    }
    for kind, power in kinds.items():
        ratio = power / scan / (power[0] / scan[0])
        for start, value in zip(texture.BANDS[:-1], ratio, strict=True):
            yield f"{kind} power over a real scan's from {start:.2f} to {start + 0.02:.2f}/mm", float(value)


def spread() -> Iterator[tuple[str, float]]:
    """Share of patients of `mtl_atrophy` whose disease has reached all of its structures."""
    brain = shipped("mtl_atrophy")
    law = brain.parts.pathologies[0].law
    last = max(law.onsets.values())
    severities = np.array([brain.record(subject, "norms")["severity"] for subject in range(1, EVERYBODY, 2)])
    yield f"share of patients of mtl_atrophy beyond the last onset, {last:g}", float((severities > last).mean())


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    rows = [row for part in (together, drawn_as, smaller, scanned, spread) for row in part()]
    table = pd.DataFrame({"what": [what for what, _ in rows], "value": [round(float(value), 3) for _, value in rows]})
    table.to_csv(TABLE, index=False, lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
