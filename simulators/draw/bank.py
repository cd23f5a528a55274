"""A bank of healthy subjects: what is slow to draw and the same whatever the pathology, drawn once a data seed.

It is a cache. A subject from the bank is, bit for bit, the subject drawn without it, so a bank may be shared by all
simulators that differ in pathology, contrast or scanner only, and thrown away at any time. Kept are the voxels inside
the brain: nothing else of an image depends on the draws.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.draw.blocks import KeptBlocks
from simulators.space.voxels import Voxels

#: values kept of a voxel: four maps, two of folding, two of noise
CHANNELS = 8
#: subjects that are kept together where a call is interrupted
BLOCK = 25
VOXELS, LABELS, INSIDE, INDEX = "voxels.f32", "labels.i16", "inside.u8", "index.json"


class Healthy(NamedTuple):
    """A subject's anatomy, folding (2, D, H, W) and noise (2, D, H, W)."""

    warped: Warped
    folding: np.ndarray
    noise: np.ndarray


def fill(
    folder: Path,
    draw: Callable[[int, str], Healthy],
    counts: Mapping[str, int],
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Write the first `counts[stream]` subjects of each stream, one after the other.

    Of what an interrupted call with the same counts left in the folder, whole blocks are kept.
    """
    subjects = [(stream, subject) for stream, count in counts.items() for subject in range(count)]
    blocks = KeptBlocks(folder, (VOXELS, LABELS, INSIDE))
    for start in range(BLOCK * len(blocks.notes), len(subjects), BLOCK):
        progress(start / len(subjects))
        drawn = (draw(subject, stream) for stream, subject in subjects[start : start + BLOCK])
        note: dict[str, list[int]] = {"inside": []}
        blocks.add((_packed(healthy, note) for healthy in drawn), note)
    starts = [0, *itertools.accumulate(inside for note in blocks.notes for inside in note["inside"])]
    grid = blocks.notes[-1]["grid"] if subjects else []
    (folder / INDEX).write_text(json.dumps({"grid": grid, "counts": dict(counts), "starts": starts}))
    blocks.close()


def _packed(subject: Healthy, note: dict[str, list[int]]) -> tuple[bytes, bytes, bytes]:
    """What each file holds of a subject; its grid and how many of its voxels are kept are noted."""
    warped, folding, noise = subject
    inside = (warped.maps[2] > 0) | (warped.labels > 0)
    note["grid"] = [*inside.shape]
    note["inside"].append(int(inside.sum()))
    voxels = np.concatenate([part[:, inside] for part in (warped.maps, folding, noise)])
    return voxels.tobytes(), warped.labels[inside].tobytes(), np.packbits(inside).tobytes()


class Bank:
    """Subjects that `fill` wrote, memory-mapped.

    Raises:
        ValueError: where a file does not hold what the index says.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        about = json.loads((folder / INDEX).read_text())
        self.grid: tuple[int, ...] = tuple(about["grid"])
        self.size, self.starts = prod(self.grid), about["starts"]
        subjects = [(stream, i) for stream, count in about["counts"].items() for i in range(count)]
        self.places = {subject: place for place, subject in enumerate(subjects)}
        self.voxels = _mapped(folder / VOXELS, np.float32, CHANNELS * self.starts[-1])
        self.labels = _mapped(folder / LABELS, np.int16, self.starts[-1])
        packed = -(-self.size // 8)
        self.inside = _mapped(folder / INSIDE, np.uint8, packed * len(subjects)).reshape(-1, packed)

    def get(self, stream: str, subject: int) -> Healthy | None:
        """The subject, zero outside the brain; None where the bank does not hold it."""
        at = self.places.get((stream, subject))
        if at is None:
            return None
        start, stop = self.starts[at : at + 2]
        inside = Voxels(self.grid, np.flatnonzero(np.unpackbits(self.inside[at], count=self.size).view(bool)))
        volumes = inside.spread(self.voxels[CHANNELS * start : CHANNELS * stop].reshape(CHANNELS, -1))
        return Healthy(Warped(volumes[:4], inside.spread(self.labels[start:stop])), volumes[4:6], volumes[6:])


def _mapped(path: Path, kind: type, count: int) -> np.ndarray:
    held, needed = path.stat().st_size, count * np.dtype(kind).itemsize
    if held != needed:
        raise ValueError(f"{path} holds {held} bytes, not {needed}: delete the folder, and it is drawn anew.")
    # a plain view, because a memmap is slow to slice
    return np.asarray(np.memmap(path, kind, "r"))
