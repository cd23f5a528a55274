"""Models of shape features: features against a loop, ridge and trees against scikit-learn, sums of contributions."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from bench.contracts import BadInput, Batch, Unsupported
from bench.networks._shape import Examples, ShapeFeatures, examples
from bench.networks._trees import Trees, grown
from bench.networks.shape_boosting import ShapeBoosting
from bench.networks.shape_ridge import ShapeRidge, ridge
from methods.gradients import Gradient
from methods.occlusion import Occlusion

GRID = (6, 8, 7)


def atlas():
    labels = torch.zeros(GRID, dtype=torch.long)
    labels[1:3, 1:4, 1:4], labels[3:5, 4:7, 1:6], labels[1, 6, 4:6] = 2, 5, 3
    return labels


def batch(count, seed, classes=2, regression=False):
    """Noise; region 2 darker with the class or the value."""
    draw = torch.Generator().manual_seed(seed)
    images = 0.5 + 0.15 * torch.randn(count, 1, *GRID, generator=draw)
    targets = torch.randn(count, generator=draw) if regression else torch.arange(count) % classes
    images[:, :, 1:3, 1:4, 1:4] -= 0.1 * targets.reshape(-1, 1, 1, 1, 1)
    return Batch(images, targets, torch.arange(count))


def features(x):
    """Tissue shares and means of regions, voxel by voxel."""
    labels, image = atlas().numpy(), x[0].double().numpy()
    shares, means = [], []
    for region in (2, 3, 5):
        near, inner = [], []
        for at in np.ndindex(*GRID):
            around = labels[tuple(slice(max(0, i - 1), i + 2) for i in at)] == region
            near += [1 / (1 + np.exp(-(image[at] - 0.37) / 0.1))] if around.any() else []
            inner += [(around.sum(), image[at])]
        weights, values = np.array(inner).T
        shares.append(np.mean(near))
        means.append((weights * values).sum() / weights.sum())
    return np.array(shares + means)


def test_features_are_those_of_a_loop_over_voxels():
    read = ShapeFeatures("shape", GRID, atlas(), 0.37, 0.1)
    x = batch(3, 0).images
    assert read.count == 6
    for image, found in zip(x, read(x), strict=True):
        np.testing.assert_allclose(found.numpy(), features(image), rtol=1e-5)


def test_features_have_the_gradient_of_finite_differences():
    read = ShapeFeatures("shape", GRID, atlas(), 0.37, 0.1).double()
    x = batch(1, 0).images.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda image: read(image).square(), x, eps=1e-6)


def test_ridge_is_scikit_learns_at_the_penalty_that_validates_best():
    draw = torch.Generator().manual_seed(0)
    z, true = torch.randn(80, 5, generator=draw, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    y = z @ true + torch.randn(80, 2, generator=draw, dtype=torch.float64)
    centred = z - z[:40].mean(0)
    weight, bias = ridge(Examples(centred[:40], y[:40]), Examples(centred[40:], y[40:]))
    fits = [Ridge(alpha=10.0**e).fit(centred[:40], y[:40]) for e in range(-2, 6)]
    best = min(fits, key=lambda fit: np.square(fit.predict(centred[40:]) - y[40:].numpy()).mean())
    np.testing.assert_allclose(weight, best.coef_, rtol=1e-8)
    np.testing.assert_allclose(bias, best.intercept_, atol=1e-10)


@pytest.mark.parametrize("make", [ShapeRidge, ShapeBoosting])
@pytest.mark.parametrize(("outputs", "regression"), [(2, False), (3, False), (1, True)])
def test_fitted_it_knows_unseen_subjects_and_its_regions_add_up(make, outputs, regression):
    model = make(GRID, outputs, atlas())
    train, validation, test = (batch(n, s, outputs, regression) for s, n in enumerate((200, 60, 90)))
    model.fit(train, validation, torch.Generator().manual_seed(0))
    found = model(test.images).detach()
    if regression:
        assert np.corrcoef(found[:, 0], test.targets)[0, 1] > 0.8
    else:
        assert (found.argmax(1) == test.targets).float().mean() > 0.7
    maps = model.intrinsic(test.images)["contribution"].detach()
    shared = found - maps.sum((2, 3, 4))
    torch.testing.assert_close(shared, shared[:1].expand_as(shared), rtol=0, atol=1e-4)
    # the planted region, label 2, leads
    mass = torch.stack([maps[:, :, atlas() == r].sum(2).square().mean() for r in (2, 3, 5)])
    assert mass.argmax() == 0 and not maps[:, :, atlas() == 0].any()


def test_what_is_learnt_survives_its_state():
    for make in (ShapeRidge, ShapeBoosting):
        model, again = make(GRID, 2, atlas()), make(GRID, 2, atlas())
        model.fit(batch(100, 0), batch(40, 1), torch.Generator().manual_seed(0))
        again.load_state_dict(model.state_dict())
        assert torch.equal(again(batch(9, 2).images), model(batch(9, 2).images))


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_trees_as_tensors_are_the_trees_of_scikit_learn(outputs):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(300, 4))
    y = x[:, 0] * x[:, 1] + 0.3 * draw.normal(size=300)
    make = HistGradientBoostingRegressor if outputs == 1 else HistGradientBoostingClassifier
    model = make(max_iter=12, max_leaf_nodes=5, early_stopping=False)
    model.fit(x, y if outputs == 1 else np.digitize(y, np.quantile(y, np.arange(1, outputs) / outputs)))
    trees = Trees(12, outputs, 5)
    trees.plant(*grown(model, outputs))
    seen = torch.from_numpy(x)
    expected = model.predict(x) if outputs == 1 else model.decision_function(x)
    found = trees(seen).numpy()
    np.testing.assert_allclose(found[:, 1] - found[:, 0] if outputs == 2 else found.squeeze(), expected, rtol=1e-9)
    along = trees.along(seen)
    trees.cut(7)
    torch.testing.assert_close(trees(seen), along[7])


def test_a_stump_gives_its_feature_all_it_changes():
    trees = Trees(1, 1, 2)
    trees.plant(
        torch.tensor([0.5]),
        {
            "feature": torch.tensor([[2, 0, 0]]),
            "threshold": torch.tensor([[1.0, 0, 0]]),
            "below": torch.tensor([[[1, 2], [1, 1], [2, 2]]]),
            "value": torch.tensor([[0.25, -1.0, 1.5]]),
        },
    )
    x = torch.tensor([[9.0, 9.0, 1.0], [0.0, 0.0, 1.1]])
    assert trees(x).flatten().tolist() == [-0.5, 2.0]
    assert trees.contributions(x, 3)[:, 0].tolist() == [[0, 0, -1.25], [0, 0, 1.25]]


def test_gradients_explain_ridge_and_are_refused_by_trees():
    train, test = batch(100, 0), batch(4, 1)
    for make in (ShapeRidge, ShapeBoosting):
        model = make(GRID, 2, atlas())
        model.fit(train, train, torch.Generator().manual_seed(0))
        assert Occlusion(2, 2)(model, test.images, (1, 0)).std() > 0
        if make is ShapeRidge:
            assert Gradient()(model, test.images, (1, 0)).std() > 0
            continue
        with pytest.raises(Unsupported, match="gradient"):
            Gradient()(model, test.images, (1, 0))


def test_what_cannot_be_built_or_fitted_is_refused():
    for regions, says in ((None, "given none"), (atlas()[1:], "does not fit"), (0 * atlas(), "does not fit")):
        with pytest.raises(BadInput, match=says):
            ShapeRidge(GRID, 2, regions)
    healthy = batch(10, 0, classes=1)
    with pytest.raises(BadInput, match="class 1 has no training subject"):
        examples("shape", ShapeFeatures("shape", GRID, atlas(), 0.37, 0.1), healthy, healthy, 2)
