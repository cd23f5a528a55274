"""Cost of the truth `use` as ratios within one run, written to results/benchmarks/use.csv.

For a gmp_cnn: `use` of 32 subjects in all regions, 16 draws each, and the redraws behind it that all models of a
simulator share, over training by the default recipe; and `use` from boxes over full passes of whole images.

python tests/benchmarks/use_cost.py
"""

import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from omegaconf import OmegaConf
from torch import nn

from bench.networks.cnn import PooledCNN
from bench.passes.forward import forward
from bench.stages.redraw import redrawn
from bench.stages.use import use
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal

ROOT = Path(__file__).parents[2]
SUBJECTS, DRAWS = 32, 16
#: subjects that are measured, training steps that are; the rest is their multiple
MEASURED, STEPS = 2, 20
SIMULATORS = {
    "mtl_atrophy": Brain(Atrophy(("left hippocampus", "right hippocampus")), amplitude=0.3),
    "focal": Brain(Focal(), amplitude=0.3),
}


def seconds(work: Callable[[], object], repeats: int = 2) -> float:
    """Least seconds of the processor for a call, after one to warm up where it is called more than once."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def training(model: nn.Module, shape: tuple[int, int, int]) -> float:
    """Seconds of a training by the default recipe."""
    recipe = OmegaConf.load(ROOT / "conf" / "train" / "default.yaml")
    layout = torch.channels_last_3d
    images = torch.rand(recipe.batch, 1, *shape).contiguous(memory_format=layout)
    targets = torch.arange(recipe.batch) % 2
    model = model.to(memory_format=layout).train()
    optimiser = torch.optim.AdamW(model.parameters(), 1e-3)

    def steps() -> None:
        for _ in range(STEPS):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(images), targets).backward()
            optimiser.step()

    return seconds(steps) / STEPS * recipe.epochs * recipe.subjects / recipe.batch


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = []
    for name, brain in SIMULATORS.items():
        model, cohort = PooledCNN(brain.shape, 2, pool="max"), brain.cohort(range(MEASURED))
        trained = training(model, brain.shape)
        scale = SUBJECTS / MEASURED
        drawn = scale * seconds(lambda brain=brain, cohort=cohort: redrawn(brain, cohort, DRAWS), repeats=1)
        kept = redrawn(brain, cohort, DRAWS)
        used = scale * seconds(lambda m=model, k=kept, c=cohort: use(m, k, c, (1, 0)))
        whole = torch.rand(len(brain.region_names) * DRAWS, 1, *brain.shape)
        full = scale * MEASURED * seconds(lambda m=model, images=whole: forward(m, images))
        rows += [
            {"what": f"use, {SUBJECTS} subjects x {len(brain.region_names)} regions x {DRAWS} draws / training, {name}",
             "ratio": used / trained},
            {"what": f"redraws behind it, once for all models / training, {name}", "ratio": drawn / trained},
            {"what": f"use from boxes / from whole images, {name}", "ratio": used / full},
        ]  # fmt: skip
    table = pd.DataFrame(rows).round(2)
    table.to_csv(ROOT / "results" / "benchmarks" / "use.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
