"""A network that fits itself, and one that is told the regions."""

import pytest
import torch
from test_train import CONFIG, SHAPE, _batch
from torch import nn

from bench.config.architecture import architecture
from bench.contracts import Batch, Unsupported
from bench.contracts.plugins import SelfFitting
from bench.training.descent import Diverged
from bench.training.images import Images
from bench.training.training import Seeds, train


class MeanDifference(nn.Module):
    """The difference of the class means as weights, found without a gradient; targets as it was given them."""

    def __init__(self, in_shape, outputs, scale=1.0):
        super().__init__()
        self.register_buffer("weight", torch.zeros(in_shape))
        self.register_buffer("offset", torch.zeros(()))
        self.outputs, self.scale, self.seen = outputs, scale, None

    def fit(self, train, validation, generator):
        self.seen = (train, validation, torch.rand((), generator=generator).item())
        high = train.targets > train.targets.double().mean()
        means = [train.images[rows, 0].mean(0) for rows in (high, ~high)]
        self.weight.copy_(self.scale * (means[0] - means[1]))
        self.offset.copy_((self.weight * (means[0] + means[1]) / 2).sum())

    def forward(self, x):
        score = (x[:, 0] * self.weight).flatten(1).sum(1) - self.offset
        return torch.stack([-score, score], 1) if self.outputs == 2 else score[:, None]


def _images(make=lambda batch: batch):
    return Images(*map(make, (_batch(64, 0), _batch(32, 1), _batch(400, 2), _batch(400, 2, on=0.0))))


def _fit(images, outputs=2, start=None, scale=1.0, **over):
    build = lambda: MeanDifference(SHAPE, outputs, scale)  # noqa: E731
    return train(images, build, {**CONFIG, **over}, Seeds(0, 0, 0), {"reached": 0.95, "r2": 0.9}, start=start)


def test_a_network_that_fits_itself_is_judged_like_any_other():
    assert isinstance(MeanDifference(SHAPE, 2), SelfFitting) and not isinstance(nn.Linear(2, 2), SelfFitting)
    found = _fit(_images())
    assert found.record["passed"] and found.record["epochs"] == 1
    assert set(found.record["curve"][0]) == {"train_loss", "validation_loss"}
    assert _fit(_images()).record == found.record
    assert not found.untrained().weight.any()


def test_values_are_fitted_in_standard_deviations():
    def years(batch):
        return Batch(batch.images, 50 + 10.0 * batch.targets, batch.subjects)

    found = _fit(_images(years), outputs=1)
    fitted, chosen, _ = found.model.seen
    assert fitted.targets.double().mean().item() == pytest.approx(0, abs=1e-6)
    assert fitted.targets.double().std().item() == pytest.approx(1, abs=1e-6)
    assert chosen.targets.unique().tolist() == fitted.targets.unique().tolist()
    assert found.record["target_mean"] == 55


def test_its_draws_follow_the_order_seed():
    def draw(order):
        build = lambda: MeanDifference(SHAPE, 2)  # noqa: E731
        return train(_images(), build, CONFIG, Seeds(0, 0, order), {"reached": 0.95}).model.seen[2]

    assert draw(0) == draw(0) != draw(1)


def test_permuted_labels_reach_its_fit():
    assert not torch.equal(_fit(_images(), permuted=True).model.seen[0].targets, _images().train.targets)


@pytest.mark.parametrize(
    "variant",
    [{"perturbed": 0.5}, {"checkpoint": "epoch-1"}, {"pretrain": "focal"}, {"mixed_precision": True}],
    ids=str,
)
def test_variants_of_gradient_descent_are_refused(variant):
    start = MeanDifference(SHAPE, 2).state_dict() if "pretrain" in variant else None
    with pytest.raises(Unsupported, match=f"fits itself.*train.{next(iter(variant))}"):
        _fit(_images(), start=start, **variant)


def test_a_fit_that_is_not_finite_has_failed():
    with pytest.raises(Diverged, match="own fit ended with losses that are not finite"):
        _fit(_images(), scale=float("nan"))


class Regional(nn.Module):
    """Knows the regions."""

    def __init__(self, in_shape, outputs, regions=None):
        super().__init__()
        self.known, self.readout = regions, nn.Linear(2, outputs)


class _Plain:
    shape, outputs, atlas, region_names = (2, 3, 4), 3, None, ()


class _Atlas(_Plain):
    atlas = torch.arange(24).view(2, 3, 4)


def test_regions_reach_a_network_that_names_them():
    node = {"_target_": f"{__name__}.Regional"}
    assert torch.equal(architecture(node, _Atlas(), (__name__,))().known, _Atlas.atlas)
    assert architecture(node, _Plain(), (__name__,))().known is None
    assert architecture({"_target_": f"{__name__}.MeanDifference"}, _Plain(), (__name__,))().weight.shape == (2, 3, 4)


def test_the_atlas_of_a_brain_is_its_template():
    from simulators.brain import Brain
    from simulators.pathology.atrophy import Atrophy

    brain = Brain(Atrophy(("left hippocampus",)), amplitude=0.3)
    assert brain.atlas.shape == brain.shape and brain.atlas.dtype == torch.int64
    assert brain.atlas.unique().tolist() == list(range(len(brain.region_names) + 1))
