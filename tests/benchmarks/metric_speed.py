"""Seconds a map of every metric of single maps at 48 voxels a side, and as a ratio to the cheapest of them.

Written to results/benchmarks/metrics.csv. The earth mover's distance depends on the size of the lesion, so it is
measured on three, with half the distance between its two bounds as a share of the even map's distance; of the others,
metrics that pass images through a model cost these passes, which `plan` estimates.

python tests/benchmarks/metric_speed.py
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from omegaconf import OmegaConf

from bench.config.build import build
from bench.contracts import Context, Truth
from bench.contracts.plugins import MapMetric
from metrics._shared.transport import earth_movers

ROOT = Path(__file__).parents[2]
SIDE, VOXEL_MM, MAPS, REGIONS = 48, 4.0, 3, 44
#: SDs of a Gaussian lesion in mm
LESIONS = (6.0, 10.0, 15.0)


def world(width_mm: float) -> Context:
    """A ball of a brain in slabs of regions, with one Gaussian lesion of this SD, cut at a tenth of its peak."""
    grid = torch.stack(torch.meshgrid(*[torch.arange(SIDE)] * 3, indexing="ij"))
    places = (grid - SIDE / 2) * VOXEL_MM
    inside = places.norm(dim=0) < 0.45 * SIDE * VOXEL_MM
    away = (places - torch.tensor([30.0, -20, 10])[:, None, None, None]).norm(dim=0)
    lesion = torch.exp(-((away / width_mm) ** 2) / 2)
    volume = torch.where(lesion > 0.1, lesion, 0.0)[None, None]
    regions = torch.where(inside, 1 + grid[0] * REGIONS // SIDE, 0)[None, None].to(torch.int16)
    use = torch.rand(1, REGIONS, generator=torch.Generator().manual_seed(1))
    truths = {name: Truth(name, volume=volume) for name in ("planted", "counterfactual", "edit", "cue")}
    return Context(
        subjects=(0,), domain=inside[None, None], regions=regions, affine=np.diag([VOXEL_MM] * 3 + [1.0]),
        region_names=tuple(f"region {r}" for r in range(REGIONS)),
        truths={**truths, "use": Truth("use", regions=use, floor=torch.full((1, REGIONS), 0.3))},
    )  # fmt: skip


def seconds(metric: MapMetric, context: Context) -> float:
    """Mean seconds a map of those that follow the first, which pays for what the maps of a subject share."""
    truth = next((context.truths[name] for name in sorted(metric.tags.truths) if name in context.truths), None)
    source, times = torch.Generator().manual_seed(0), []
    volume = context.truths["planted"].volume
    assert volume is not None
    for _ in range(1 + MAPS):
        noisy = volume + 0.3 * torch.rand(volume.shape, generator=source)
        start = time.perf_counter()
        metric.map(noisy, truth, context)
        times.append(time.perf_counter() - start)
    return float(np.mean(times[1:]))


def bounds(context: Context) -> float:
    """Half the distance between the bounds of a noisy map's EMD from the lesion, over the middle of the even map's."""
    truth, domain = context.truths["planted"].volume, context.domain
    assert truth is not None and domain is not None
    where = np.argwhere(domain[0, 0].numpy()) * VOXEL_MM
    noisy = truth + 0.3 * torch.rand(truth.shape, generator=torch.Generator().manual_seed(0))
    volumes = (truth, noisy, torch.ones_like(truth))
    sink, source, even = (v[domain].double().numpy() / float(v[domain].double().sum()) for v in volumes)
    low, high = earth_movers(source, sink, where)
    return (high - low) / sum(earth_movers(even, sink, where))


def lines() -> Iterator[dict[str, Any]]:
    """Every shipped metric of single maps, and the lesion it was measured on."""
    worlds = {width: world(width) for width in LESIONS}
    for path in sorted((ROOT / "conf" / "metric").glob("*.yaml")):
        metric = build(OmegaConf.to_container(OmegaConf.load(path)))
        if metric.tags.kind == "map":
            movers = path.stem == "earth_movers"
            for width in LESIONS if movers else LESIONS[1:2]:
                found = {"metric": path.stem, "lesion_mm": width, "seconds": seconds(metric, worlds[width])}
                yield {**found, "bounds": round(bounds(worlds[width]), 4)} if movers else found


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    table = pd.DataFrame(list(lines()))
    table["ratio"] = (table["seconds"] / table["seconds"].min()).round(1)
    table["seconds"] = table["seconds"].round(5)
    table.to_csv(ROOT / "results" / "benchmarks" / "metrics.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
