"""Volumes of structures in simulated subjects, summed over their own labels and shares of tissue."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.nn.functional import interpolate

from bench.contracts import Unsupported
from simulators.anatomy.anatomy_wrapper import AnatomyWrapper
from simulators.anatomy.protocol import Anatomy
from simulators.anatomy.slab import Slab
from simulators.covariates import shape_with
from simulators.draw import subject
from simulators.parts import NOTHING, Parts

#: voxels are split until they are no larger (mm): a border of whole voxels of 7 mm alone makes a hippocampus of 14 vary
#: by 17 %, which is how coarsely it was counted and no anatomy
FINEST_MM = 1.75
STREAM = "norms"
#: shares of tissue by name, from grey matter, white matter and fluid
TISSUES = {"gm": (1, 0, 0), "wm": (0, 1, 0), "csf": (0, 0, 1), "gm+wm": (1, 1, 0), "all": (1, 1, 1)}
#: structures that are all of a tissue
WHOLE = ("brain", "grey matter", "white matter", "head")


def regional_volumes(
    parts: Parts, structures: Mapping[str, str], subjects: int, added: Mapping[str, float] = NOTHING
) -> dict[str, np.ndarray]:
    """Volumes in ml by structure: (subjects, 1), or (subjects, 2) of the left and right region of that name.

    structures: the tissue counted in each. Those that the anatomy does not have are left out. added: what covariates
    add to latents, as `covariates.offsets` gives it.

    Raises:
        Unsupported: for a part of the head, where structures are cut.
    """
    if _cuts(parts.anatomy):
        raise Unsupported("a slab cuts structures, so their volumes say nothing; measure the whole anatomy it is of")
    labels = {name: _labels(parts, name) for name in structures}
    tables = [_table(parts, number, added) for number in range(subjects)]
    return {
        name: np.stack([_volume(table, TISSUES[structures[name]], numbers) for table in tables])
        for name, numbers in labels.items()
        if numbers
    }


def _cuts(anatomy: Anatomy) -> bool:
    """True for a slab, whatever lies around it."""
    return isinstance(anatomy, Slab) or (isinstance(anatomy, AnatomyWrapper) and _cuts(anatomy.anatomy))


def _labels(parts: Parts, structure: str) -> list[list[int]]:
    """Labels of a structure's sides, empty where the anatomy has no such region."""
    if structure in WHOLE:
        return [list(range(len(parts.names) + 1))]
    sides = [f"{side} {structure}" for side in ("left", "right")]
    return [[parts.names.index(side) + 1] for side in sides] if set(sides) <= set(parts.names) else []


def _volume(table: np.ndarray, tissue: tuple[int, ...], labels: list[list[int]]) -> np.ndarray:
    return np.array([np.asarray(tissue) @ table[:, side].sum(1) for side in labels])


def _table(parts: Parts, number: int, added: Mapping[str, float]) -> np.ndarray:
    """Grey matter, white matter and fluid (3, R + 1) in ml at every label of one healthy subject."""
    rng, parted = subject.streams(parts, STREAM, number), int(np.ceil(parts.voxel_mm / FINEST_MM))
    shape = shape_with(parts.anatomy.draw(rng("anatomy")), added)
    warped = parts.anatomy.resample(_split(parts.anatomy.position(shape), parted), shape)
    local = subject.local(parts, rng, added)
    folding = local.folding.repeat(parted, 1).repeat(parted, 2).repeat(parted, 3)
    gm, wm, brain, _ = parts.local.apply(warped.maps, warped.labels, local._replace(folding=folding))
    labels, count = warped.labels.ravel(), len(parts.names) + 1
    sums = [np.bincount(labels, tissue.ravel(), count) for tissue in (gm, wm, brain - gm - wm)]
    return np.stack(sums) * (parts.voxel_mm / parted) ** 3 / 1000


def _split(position: Any, parted: int) -> np.ndarray:
    """Positions (D, H, W, 3) at the centres of voxels split in `parted` along each axis."""
    field = torch.from_numpy(np.ascontiguousarray(np.moveaxis(position, -1, 0)))[None]
    finer = interpolate(field, scale_factor=parted, mode="trilinear")[0]
    return np.ascontiguousarray(np.moveaxis(finer.numpy(), 0, -1))
