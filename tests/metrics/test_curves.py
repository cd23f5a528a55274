"""Deletion, insertion and selectivity against a plain loop over a network, and on a linear model by hand."""

import numpy as np
import pytest
import torch

from bench.contracts import Attribution, Context
from metrics.curves import Deletion, Insertion, Selectivity

SHAPE = (3, 1, 4, 5, 6)
ALL = [Deletion(steps=6), Insertion(steps=6), Selectivity(steps=6, reach=0.5)]


@pytest.fixture
def world():
    source = torch.Generator().manual_seed(0)
    images = torch.rand(SHAPE, generator=source) + 1
    domain = torch.rand(SHAPE, generator=source) < 0.8
    slope = torch.rand(SHAPE[1:], generator=source)
    return images, Context(subjects=(0, 1, 2), domain=domain), lambda x: (x * slope).flatten(1).sum(1)


def outputs(images, context, score):
    def run(perturbation, row):
        moved = perturbation.draw(images, context, row)
        return moved, score(images[row : row + 1]) - score(images[row] - moved)

    return run


def values(metric, maps, images, context, score):
    run = outputs(images, context, score)
    return metric.model({"m": Attribution(maps)}, {"m": "location"}, run, context)["m"]


def plain(metric, maps, images, context, score):
    """One voxel after another by falling |map|, straight from the definition."""
    areas, wholes = [], []
    for image, one, inside in zip(images, maps, context.domain, strict=True):
        order = sorted(inside.nonzero().tolist(), key=lambda voxel: -abs(one[tuple(voxel)].item()))
        base = torch.where(inside, image[inside].mean(), image)
        whole = (score(image[None]) - score(base[None])).item()
        curve = []
        for step in range(metric.steps + 1):
            x = (base if isinstance(metric, Insertion) else image).clone()
            for voxel in order[: round(metric.reach * step / metric.steps * len(order))]:
                x[tuple(voxel)] = (image if isinstance(metric, Insertion) else base)[tuple(voxel)]
            curve.append(np.sign(whole) * (score(x[None]) - score(base[None])).item())
        middle = sum(curve[1:-1]) + (curve[0] + curve[-1]) / 2
        fall = sum(curve[0] - value for value in curve) / len(curve)
        areas.append(fall if isinstance(metric, Selectivity) else middle / metric.steps)
        wholes.append(abs(whole))
    return [area / np.mean(wholes) for area in areas]


@pytest.mark.parametrize("metric", ALL, ids=lambda m: type(m).__name__)
def test_a_plain_loop_agrees(metric, world):
    images, context, score = world
    small = lambda x: (0.05 * score(x)).tanh()  # noqa: E731
    maps = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
    expected = plain(metric, maps, images, context, small)
    assert values(metric, maps, images, context, small).tolist() == pytest.approx(expected, abs=1e-4)


def test_one_voxel_that_carries_all(world):
    """Erased at the first of ten steps, it leaves a triangle; brought back first, it leaves all but one."""
    images, _, _ = world
    maps = torch.zeros(SHAPE)
    maps[..., 1, 1, 1] = -1.0
    score = lambda x: x[:, 0, 1, 1, 1]  # noqa: E731
    context = Context(subjects=(0, 1, 2))
    assert values(Deletion(), maps, images, context, score).mean().item() == pytest.approx(0.05)
    assert values(Insertion(), maps, images, context, score).mean().item() == pytest.approx(0.95)
    assert values(Selectivity(), maps, images, context, score).mean().item() == pytest.approx(10 / 11)


def test_blocks_are_erased_whole():
    images = torch.arange(64.0).reshape(1, 1, 4, 4, 4)
    maps = torch.zeros(images.shape)
    maps[0, 0, 3, 3, 3] = 1.0
    seen = []

    def run(perturbation, row):
        moved = perturbation.draw(images, Context(), row)
        seen.append(moved != 0)
        return moved, moved.flatten(1).abs().sum(1)

    Selectivity(block=2, steps=1, reach=1 / 8, fill="zero").model({"m": Attribution(maps)}, {}, run, Context())
    assert seen[0][0].nonzero()[:, 1:].amin(0).tolist() == [2, 2, 2] and seen[0][0].sum() == 8
    assert seen[0][1].sum() == 63  # everything but the voxel that already is zero


def test_undefined_and_impossible_cases(world):
    images, context, score = world
    flat = values(Deletion(), torch.rand(SHAPE), images, context, lambda x: torch.zeros(len(x)))
    assert flat.isnan().all()
    # erasing with the mean keeps the sum: f(x) and f(b) differ by rounding, the steps between do not
    kept = values(Deletion(), torch.rand(SHAPE), images, context, lambda x: x.flatten(1).sum(1))
    assert kept.isnan().all()
    broken = torch.rand(SHAPE)
    broken[0, 0, 0, 0, 0] = torch.nan
    assert values(Deletion(), broken, images, context, score).isnan().tolist() == [True, False, False]
