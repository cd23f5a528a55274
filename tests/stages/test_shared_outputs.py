"""The model meets every perturbation once for all methods and metrics, whatever is kept of the perturbations."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
import pytest
import torch
from torch import nn

from bench.contracts import Attribution, Cohort, Context, MethodTags, View
from bench.passes.counting import count_passes
from bench.stages import explained as module
from bench.stages.explained import Explained, ExplainedModel
from bench.stages.scoring import measure
from metrics.curves import Deletion
from metrics.infidelity import Infidelity, InfidelityRank
from metrics.perturbations import GaussianNoise, Patch

N, SHAPE = 3, (1, 6, 6, 6)
SUBJECTS = tuple(range(N))
METHODS = ("one", "two", "three")


class Net(nn.Module):
    """Two outputs, not linear in the image."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.weight = nn.Parameter(torch.randn(216, 2))

    def forward(self, x):
        return (x.flatten(1) @ self.weight).tanh()


@dataclass(frozen=True)
class Any:
    """A method whose maps are given."""

    tags: ClassVar[MethodTags] = MethodTags("none", "sensitivity")


@pytest.fixture
def world():
    draw = torch.Generator().manual_seed(0)
    images = torch.rand((N, *SHAPE), generator=draw)
    cohort = Cohort(images, torch.tensor([0, 1, 0]), torch.arange(N), images, images.short(), images > 0.2)
    maps = {name: torch.rand((N, *SHAPE), generator=draw) for name in METHODS}
    context = Context(subjects=SUBJECTS, domain=cohort.domain, target=1)
    return ExplainedModel(Net(), cohort, context, cohort.targets), maps


def scored(world, metrics):
    """Rows of every metric and method, metrics outermost as in a unit, and the images that went through the model."""
    scene, maps = world
    frames = []
    with count_passes(scene.model) as passes:
        for name, metric in metrics.items():
            for method, map_ in maps.items():
                explained = Explained(method, Any(), Attribution(map_), scene.context)
                frames.append(measure(name, metric, explained, scene, {}, [View()]).assign(method=method))
    return pd.concat(frames, ignore_index=True), passes.forward


def shared():
    patch, noise = Patch(size=3, count=5), GaussianNoise(count=4)
    return {
        "fitted": Infidelity(patch),
        "noise": Infidelity(noise),
        "raw": Infidelity(Patch(size=3, count=5), scaling="none"),
        "rank": InfidelityRank(patch),
    }


@pytest.mark.parametrize("memory", [0, 5 * 216 * 4, module.MEMORY])
def test_passes_are_the_fewest_whatever_is_kept(world, monkeypatch, memory):
    """Two families, shared by four metrics and three methods; the images themselves are met once more."""
    monkeypatch.setattr(module, "MEMORY", memory)
    rows, passes = scored(world, shared())
    assert passes == N + N * (5 + 4)
    assert (rows["status"] == "ok").all()
    assert sum(drawn.nbytes for drawn in world[0]._drawn.values()) <= memory


def test_scores_do_not_depend_on_what_is_kept(world, monkeypatch):
    kept, _ = scored(world, shared())
    monkeypatch.setattr(module, "MEMORY", 0)
    scene, maps = world
    anew = ExplainedModel(scene.model, scene.cohort, scene.context, scene.sides)
    drawn_again, _ = scored((anew, maps), shared())
    pd.testing.assert_frame_equal(kept, drawn_again, check_exact=True)


def test_nothing_is_kept_of_an_order_that_is_one_maps_own(world):
    _, passes = scored(world, {"deletion": Deletion(steps=2)})
    assert passes == N + len(METHODS) * N * 3
    assert not world[0]._drawn and not world[0]._changes
