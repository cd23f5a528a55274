"""Seconds a map of the earth mover's distance at 48 voxels a side; written to results/benchmarks/metrics.csv.

python tests/benchmarks/metric_speed.py
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bench.contracts import Context, Truth
from metrics.movers import EarthMovers

ROOT = Path(__file__).parents[2]
SIDE, VOXEL_MM, MAPS = 48, 4.0, 3


def world(width_mm: float) -> tuple[Context, Truth]:
    """A ball of a brain with one Gaussian lesion of this SD, cut at a tenth of its peak."""
    places = (torch.stack(torch.meshgrid(*[torch.arange(SIDE)] * 3, indexing="ij")) - SIDE / 2) * VOXEL_MM
    inside = places.norm(dim=0) < 0.45 * SIDE * VOXEL_MM
    away = (places - torch.tensor([30.0, -20, 10])[:, None, None, None]).norm(dim=0)
    lesion = torch.exp(-((away / width_mm) ** 2) / 2)
    affine = np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0])
    truth = Truth("planted", volume=torch.where(lesion > 0.1, lesion, 0.0)[None, None])
    return Context(subjects=(0,), domain=inside[None, None], affine=affine), truth


def line(width_mm: float) -> dict[str, float]:
    """The first map of a subject, which makes the even map's distance, and the mean of those that follow."""
    context, truth = world(width_mm)
    assert truth.volume is not None
    source, metric, times = torch.Generator().manual_seed(0), EarthMovers(), []
    for _ in range(1 + MAPS):
        noisy = truth.volume + 0.3 * torch.rand(truth.volume.shape, generator=source)
        start = time.perf_counter()
        metric.map(noisy, truth, context)
        times.append(time.perf_counter() - start)
    return {"lesion_mm": width_mm, "first_map_s": round(times[0], 2), "map_s": round(float(np.mean(times[1:])), 2)}


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    table = pd.DataFrame([line(width) for width in (6.0, 10.0, 15.0)])
    target = ROOT / "results" / "benchmarks" / "metrics.csv"
    table.to_csv(target, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
