"""Stage images: the subjects a data seed trains, validates and tests on, drawn once and shared by all its models.

They are a cache: any of them can be drawn again from the simulator, bit for bit.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from bench.contracts import BadInput, Batch, Simulator

#: the test subjects once more with every pathology off
OFF = "off"
SPLITS = ("train", "validation", "test")


class Images(NamedTuple):
    """Batches of one data seed; `off` are the test subjects with the pathology off and their own targets."""

    train: Batch
    validation: Batch
    test: Batch
    off: Batch


def sizes(train: Mapping[str, Any]) -> dict[str, int]:
    """Subjects of each split.

    Raises:
        BadInput: for a split too small to hold four subjects of each class.
    """
    counts = {"train": train["subjects"], "validation": train["validation"], "test": train["test"]}
    for split, count in counts.items():
        if not isinstance(count, int) or not 8 <= count <= 1_000_000:
            key = "subjects" if split == "train" else split
            raise BadInput(f"train.{key}={count!r} is not possible: give a whole number from 8 to 1000000.")
    return counts


def make(
    simulator: Simulator, counts: Mapping[str, int], folder: Path, progress: Callable[[float], None] = lambda _: None
) -> None:
    """Draw every split into `folder`, one memory-mapped array a split, subject by subject."""
    total = sum(counts.values())
    done = 0
    for stream in SPLITS:
        count, states = counts[stream], {stream: None, **({OFF: {"pathology": "off"}} if stream == "test" else {})}
        shape = (count, 1, *simulator.shape)
        arrays = {name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, shape) for name in states}
        targets: dict[str, list[int]] = {name: [] for name in states}
        for i in range(count):
            for name, do in states.items():
                batch = simulator.sample([i], stream, do)
                arrays[name][i] = batch.images[0].numpy()
                targets[name].append(int(batch.targets[0]))
            done += 1
            if done % 25 == 0:
                progress(done / total)
        for name, array in arrays.items():
            array.flush()
            (folder / f"{name}.json").write_text(json.dumps(targets[name]))


def read(folder: Path) -> Images:
    """The splits `make` wrote, memory-mapped."""
    batches = {}
    for split in (*SPLITS, OFF):
        # copy-on-write: torch wants a writable array, and no write may reach the store
        images = torch.from_numpy(np.load(folder / f"{split}.npy", mmap_mode="c", allow_pickle=False))
        targets = torch.tensor(json.loads((folder / f"{split}.json").read_text()))
        batches[split] = Batch(images, targets, torch.arange(len(images)))
    return Images(**batches)
