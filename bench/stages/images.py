"""Stage images: the subjects a data seed trains, validates and tests on, drawn once and shared by all its models.

Simulators whose cues go with the label are tested on further streams as well, as large as `test`.

They are a cache: any of them can be drawn again from the simulator, bit for bit.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch

from bench.contracts import BadInput, Batch, Simulator

#: the test subjects once more with every pathology off
OFF = "off"
SPLITS = ("train", "validation", "test")


class Images(NamedTuple):
    """Batches of one data seed; `off` are the test subjects with the pathology off and their own targets.

    shifted: by name, the simulator's further test streams.
    """

    train: Batch
    validation: Batch
    test: Batch
    off: Batch
    shifted: Mapping[str, Batch] = MappingProxyType({})


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
    sizes = {**counts, **dict.fromkeys(simulator.splits, counts["test"])}
    total, done = sum(sizes.values()), 0
    for stream, count in sizes.items():
        states = {stream: None, **({OFF: {"pathology": "off"}} if stream == "test" else {})}
        shape = (count, 1, *simulator.shape)
        arrays = {name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, shape) for name in states}
        targets: dict[str, list[float]] = {name: [] for name in states}
        for i in range(count):
            for name, do in states.items():
                batch = simulator.sample([i], stream, do)
                arrays[name][i] = batch.images[0].numpy()
                targets[name].append(batch.targets[0].item())
            done += 1
            if done % 25 == 0:
                progress(done / total)
        for name, array in arrays.items():
            array.flush()
            (folder / f"{name}.json").write_text(json.dumps(targets[name]))


def read(folder: Path) -> Images:
    """The splits `make` wrote, memory-mapped."""
    named = {path.stem: _read(path) for path in sorted(folder.glob("*.npy"))}
    own = {split: named.pop(split) for split in (*SPLITS, OFF)}
    return Images(**own, shifted=named)


def _read(path: Path) -> Batch:
    # copy-on-write: torch wants a writable array, and no write may reach the store
    images = torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))
    targets = torch.tensor(json.loads(path.with_suffix(".json").read_text()))
    return Batch(images, targets, torch.arange(len(images)))
