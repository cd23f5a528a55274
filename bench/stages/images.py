"""Stage images: the subjects a data seed trains, validates and tests on, drawn once and shared by all its models.

Simulators whose cues go with the label are tested on further streams as well, as large as `test`.

They are a cache: any of them can be drawn again from the simulator, bit for bit.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from bench.contracts import Batch, Simulator
from bench.passes.counting import Passes
from bench.stages.bank import BANK, CACHES, Draw
from bench.stages.calibrate import CALIBRATE, calibrated
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.study import Study, Unit
from bench.training.images import OFF, SPLITS, Images
from bench.training.recipe import SIZES, sizes


class _Images(Stage[Images]):
    """Makes the images of a simulator's data seed."""

    name = "images"
    version = "2"
    cache = True
    network = False
    keeps = CACHES

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per simulator, data seed and sizes of the splits."""
        calibration, train = graph.cell(CALIBRATE, unit), graph.study.training(unit)
        counts = {name: train.get(name) for name in SIZES}
        content = {"calibration": calibration.key, "data_seed": unit.data_seed, **counts}
        source = self.code(graph, "simulators", unit.simulator)
        name = f"{unit.simulator}-d{unit.data_seed}"
        return Cell(self, name, content, unit, (calibration,), source, caches=BANK.of(graph, unit))

    def make(self, given: Given) -> tuple[Draw, Passes]:
        """The images are drawn while they are written."""
        counts, simulator = sizes(given.study.training(given.unit)), calibrated(given)
        for bank in given.cell.caches:
            simulator = simulator.with_bank(given.of(bank))
        return lambda folder: draw(simulator, counts, folder, given.progress), Passes()

    def write(self, folder: Path, value: Draw) -> None:
        value(folder)

    def read(self, folder: Path, study: Study, cell: Cell) -> Images:
        simulator = study.make("simulators", cell.unit.simulator)
        named = {path.stem: _read(path, simulator) for path in sorted(folder.glob("*.npy"))}
        fixed = {split: named.pop(split) for split in (*SPLITS, OFF)}
        return Images(**fixed, shifted=named)

    def work(self, study: Study, cell: Cell) -> float:
        """The subjects of all splits."""
        return float(sum(cell.content[name] for name in SIZES))

    def disk(self, study: Study, cell: Cell, voxels: int) -> float:
        """Float32 images of all streams, those of `test` with and without pathology."""
        streams = 1 + len(study.make("simulators", cell.unit.simulator).splits)
        return 4.0 * voxels * (self.work(study, cell) + streams * cell.content["test"])


IMAGES = _Images()


def draw(
    simulator: Simulator, counts: Mapping[str, int], folder: Path, progress: Callable[[float], None] = lambda _: None
) -> None:
    """Draw every split into `folder`, one memory-mapped array a split, subject by subject."""
    streams = {**counts, **dict.fromkeys(simulator.splits, counts["test"])}
    total, done = sum(streams.values()), 0
    for stream, count in streams.items():
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


def _read(path: Path, simulator: Simulator) -> Batch:
    # copy-on-write: torch wants a writable array, and no write may reach the store
    images = torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))
    targets = torch.tensor(json.loads(path.with_suffix(".json").read_text()))
    stream = "test" if path.stem == OFF else path.stem
    return Batch(images, targets, torch.arange(len(images)), visit=lambda s: simulator.visit(int(s), stream))
