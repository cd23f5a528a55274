"""Fitted networks of known mechanism on eight small regions, and images whose regions are well or ill."""

from pathlib import Path

import torch
from omegaconf import OmegaConf

from bench.checks.networks import REGIONS, ProbeTask
from bench.config.architecture import architecture
from bench.contracts import Batch, Context
from bench.stages.enumeration import population_game
from bench.training.training import initialised

CONF = Path(__file__).parents[2] / "conf" / "network"
NAMES = sorted(path.stem for path in CONF.glob("known_*.yaml"))
WRAPPINGS = ("plain", "residual", "batch_norm", "strided")
GRID = (8, 8, 8)
ATLAS = ProbeTask(GRID, 2).atlas


def images(ill, seed=0):
    """Noise around 0.6, and 0.4 in the regions that are ill: one list of names a subject; (N, 1, 8, 8, 8) float64."""
    x = 0.6 + 0.02 * torch.randn(len(ill), 1, *GRID, generator=torch.Generator().manual_seed(seed)).double()
    for row, names in enumerate(ill):
        for name in names:
            x[row, 0][1 + REGIONS.index(name) == ATLAS] -= 0.2
    return x


def population(count=64):
    """Every region ill in a third of the subjects, each on its own."""
    draw = torch.rand(count, len(REGIONS), generator=torch.Generator().manual_seed(1)) < 1 / 3
    return images([[name for name, is_ill in zip(REGIONS, row, strict=True) if is_ill] for row in draw], seed=2)


def untrained(name, wrapping="plain", outputs=2, **changed):
    node = OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml"))
    return initialised(architecture({**node, "wrapping": wrapping, **changed}, ProbeTask(GRID, outputs), ()), 0, GRID)()


def fitted(name, wrapping="plain", outputs=2, dtype=torch.float64, **changed):
    model, seen = untrained(name, wrapping, outputs, **changed).to(dtype), population().to(dtype)
    count = torch.arange(len(seen))
    model.fit(Batch(seen, count % 2, count), None, torch.Generator())
    return model.eval()


def context(count):
    """What region methods need to know."""
    return Context(regions=ATLAS.expand(count, 1, *GRID), region_names=REGIONS, domain=torch.ones(count, 1, *GRID) > 0)


def exact_use(model, own):
    """f(x) - E f(x with one region redrawn) by region, signed: (N, P), from readings (N, P)."""
    game, everyone = population_game(model, own), torch.ones(own.shape[1], dtype=torch.bool)
    others = ~torch.eye(own.shape[1], dtype=torch.bool)
    return torch.stack([game(everyone) - game(without) for without in others], 1)
