"""What finer grids cost, written to results/benchmarks/grids.csv.

For each grid that a study can name: its voxels, its regions and the smallest of them, the radius of the smallest lesion
it carries, and, each in a process of its own, minutes and peak memory of drawing and learning `quick`'s subjects once.

python tests/benchmarks/grids.py
"""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from omegaconf import OmegaConf
from torch import nn

from bench.config.architecture import architecture
from bench.config.build import build
from bench.config.compose import study
from bench.launch.memory import highest

ROOT = Path(__file__).parents[2]
GRIDS = ("mni152", "mni152_4mm", "temporal_3mm")
#: subjects drawn and steps made to measure one, the subjects that a model of `quick` learns from, and their batches
SAMPLE, SUBJECTS, BATCH = 16, 1200, 8


def row(name: str) -> dict[str, float | str]:
    """The line of a grid, measured in this process."""
    torch.set_num_threads(1)
    arguments = ["study=quick", "simulator=mtl_atrophy", f"simulator/anatomy={name}"]
    (node,) = study(arguments).simulators.values()
    simulator = build(node).with_amplitude(0.3)
    counts = np.bincount(simulator.anatomy.template.labels.ravel())[1:]
    voxel = simulator.anatomy.resolution_mm
    drawing = timed(lambda: simulator.cohort(range(SAMPLE), "train")) / SAMPLE
    config = OmegaConf.to_container(OmegaConf.load(ROOT / "conf" / "network" / "gmp_cnn.yaml"))
    step = timed(stepper(architecture(config, simulator, ())(), simulator.shape))
    return {
        "grid": name,
        "voxels": " x ".join(map(str, simulator.shape)),
        "voxel_mm": voxel,
        "regions": len(simulator.region_names),
        "smallest_region": int(counts.min()),
        "smallest_lesion_mm": round((3 / (4 * np.pi)) ** (1 / 3) * voxel, 1),
        "minutes_to_draw": round(drawing * SUBJECTS / 60, 1),
        "minutes_an_epoch": round(step * SUBJECTS / BATCH / 60, 1),
        "peak_mb": round(highest()),
    }


def timed(work) -> float:
    """Seconds of the second call."""
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def stepper(model: nn.Module, shape: tuple[int, ...]):
    """A training step on a batch."""
    images, targets = torch.rand(BATCH, 1, *shape), torch.arange(BATCH) % 2
    optimiser = torch.optim.AdamW(model.train().parameters(), 1e-3)

    def step() -> None:
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images), targets).backward()
        optimiser.step()

    return step


def main() -> None:
    """Measure every grid and write the table."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        rows = list(pool.map(row, GRIDS))
    table = pd.DataFrame(rows)
    table.to_csv(ROOT / "results" / "benchmarks" / "grids.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
