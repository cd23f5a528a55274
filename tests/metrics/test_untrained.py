"""Metrics whose floor is a network that has learned nothing."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import nn

from bench.contracts import Cohort, Context, Truth, Undefined
from metrics.learned import LearnedGain
from metrics.overlap import RocAuc
from metrics.regions import RegionAP
from metrics.severity import SeverityRelevance

SHAPE = (6, 1, 5, 5, 5)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@dataclass
class Models:
    maps: torch.Tensor
    untrained: torch.Tensor
    init_seeds: tuple = (3, 7, 3, 7)
    untrained_seeds: tuple = (3, 7)
    uses: tuple = ()


TRUTH = Truth("counterfactual", volume=(torch.rand(SHAPE, generator=torch.Generator().manual_seed(3)) < 0.1).float())
CONTEXT = Context(subjects=tuple(range(6)), truths={"counterfactual": TRUTH})


def test_learned_gain_pairs_models_with_their_own_initialisation():
    models = Models(noise(4, *SHAPE), noise(2, *SHAPE, seed=1))
    columns = LearnedGain(metric=RocAuc()).compare(models, CONTEXT)
    scores = [RocAuc().map(m.abs(), TRUTH, CONTEXT) for m in (*models.maps, *models.untrained)]
    expected = torch.stack([scores[m] - scores[4 + m % 2] for m in range(4)])
    torch.testing.assert_close(columns[""], expected)
    torch.testing.assert_close(columns["trained"] - columns["untrained"], expected)


def test_the_use_of_each_model_is_its_own_truth():
    regions = torch.ones(SHAPE, dtype=torch.int16)
    regions[..., 2:] = 2
    uses = tuple(
        Truth("use", regions=torch.tensor([a, 1 - a]).repeat(6, 1), signed=False) for a in (0.0, 1.0, 0.0, 1.0)
    )
    first = (regions == 1).float()
    # every model marks region 1, which only the second and the fourth use
    models = Models(first.expand(4, *SHAPE), 1 - first.expand(2, *SHAPE), uses=uses)
    context = Context(subjects=tuple(range(6)), regions=regions, region_names=("a", "b"), truths={})
    columns = LearnedGain(metric=RegionAP(), truth="use").compare(models, context)
    assert (columns[""][[1, 3]] > 0).all() and (columns[""][[0, 2]] < 0).all()


@pytest.mark.parametrize("name", ["learned_gain", "learned_gain_use"])
def test_training_that_changes_no_map_gains_nothing(shipped, name):
    before, regions = noise(2, *SHAPE, seed=1), (torch.arange(125) % 4 + 1).reshape(1, 1, 5, 5, 5).expand(SHAPE)
    context = replace(CONTEXT, regions=regions, region_names=("a", "b", "c", "d"))
    use = Truth("use", regions=torch.tensor([1.0, 0.5, 0.0, 0.0]).repeat(6, 1), signed=False)
    columns = shipped(name).compare(Models(before[[0, 1, 0, 1]], before, uses=(use,) * 4), context)
    assert columns[""].abs().max() < 1e-6


def test_what_learned_gain_lacks_is_said():
    models = Models(noise(4, *SHAPE), noise(2, *SHAPE))
    with pytest.raises(Undefined, match="counterfactual"):
        LearnedGain(metric=RocAuc()).compare(models, Context())
    with pytest.raises(Undefined, match="before training"):
        LearnedGain(metric=RocAuc()).compare(Models(noise(4, *SHAPE), noise(1, *SHAPE), untrained_seeds=(3,)), CONTEXT)


class Reader(nn.Module):
    """A linear layer over the voxels."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(125, 2)

    def forward(self, x):
        return self.head(x.flatten(1))


@pytest.fixture
def world():
    """Four patients with a lesion of growing strength in one place and two controls without it."""
    lesion = torch.zeros(SHAPE)
    lesion[..., 1:3, 1:3, 1:3] = torch.tensor([1.0, 2, 3, 4, 5, 6]).reshape(6, 1, 1, 1, 1)
    healthy = 0.1 * noise(*SHAPE)
    carries = torch.tensor([True, True, True, True, False, False]).reshape(6, 1, 1, 1, 1)
    images, twins = (healthy + lesion * side for side in (carries, ~carries))
    cohort = Cohort(
        images=images, targets=torch.tensor([1, 1, 1, 1, 0, 0]), subjects=torch.arange(6), twins=twins,
        regions=torch.ones(SHAPE, dtype=torch.int16), domain=torch.ones(SHAPE, dtype=torch.bool),
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Reader()
    return model, cohort, Context(subjects=tuple(range(6)), truths={"counterfactual": Truth("counterfactual", lesion)})


def run(explain, world, **settings):
    return SeverityRelevance(**settings).explainer(explain, *world)


def test_relevance_that_the_image_alone_makes_grow_is_no_gain(shipped, world):
    def explain(model, x, context):
        return x * model.head.weight[0].reshape(1, 1, 5, 5, 5).abs()

    columns = shipped("severity_relevance").explainer(explain, *world)
    assert columns["trained"].item() == pytest.approx(1)
    assert columns["untrained"].item() == pytest.approx(1)
    assert columns[""].item() == pytest.approx(0)


def test_relevance_that_only_the_trained_weights_make_grow_is_all_gain(world):
    trained = world[0].head.weight.clone()

    def explain(model, x, context):
        known = torch.equal(model.head.weight, trained)
        return x if known else -x.flatten(1).sum(1).reshape(-1, 1, 1, 1, 1).expand(x.shape) + 1e6

    columns = run(explain, world)
    assert columns["trained"].item() == pytest.approx(1) and columns["untrained"].item() == pytest.approx(-1)
    assert columns[""].item() == pytest.approx(2)


def test_only_patients_count_and_too_few_are_undefined(world):
    model, cohort, context = world
    rows = [0, 1, 4, 5]
    with pytest.raises(Undefined, match="three patients"):
        run(lambda m, x, c: x, (model, cohort.take(torch.tensor(rows)), context.take(rows)))
    with pytest.raises(Undefined, match="counterfactual"):
        run(lambda m, x, c: x, (model, cohort, Context(subjects=context.subjects)))


def test_who_is_a_patient_is_what_the_context_says(world):
    model, cohort, context = world
    with pytest.raises(Undefined, match="three patients"):
        run(lambda m, x, c: x, (model, cohort, replace(context, sides=lambda targets: 1 - targets)))


def test_a_constant_explanation_follows_nothing(world):
    assert np.isnan(run(lambda model, x, context: torch.ones_like(x), world)[""].item())
