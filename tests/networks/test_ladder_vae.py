"""The ladder variational autoencoder: its parts against formulas, and what the difference of its classes shows."""

import pytest
import torch
from torch import nn
from torch.distributions import Normal
from torch.nn.functional import cross_entropy

from bench.contracts import BadInput, Batch
from bench.networks._gaussian import ClassNormals, Standard, precision_weighted
from bench.networks.ladder_vae import SAMPLES, LadderVAE
from methods.intrinsic import Intrinsic

GRID = (8, 12, 8)


def network(**parameters):
    torch.manual_seed(0)
    model = LadderVAE(GRID, 3, width=2, hidden=6, **parameters).eval().double().requires_grad_(False)
    model.standard.measure(images(6))
    return model


def images(count=3):
    return torch.rand(count, 1, *GRID, generator=torch.Generator().manual_seed(1)).double()


def test_the_product_of_two_normals_is_a_normal():
    one, other = Normal(torch.tensor(0.3), torch.tensor(0.5)), Normal(torch.tensor(-1.0), torch.tensor(2.0))
    at = torch.linspace(-2, 2, 9)
    apart = one.log_prob(at) + other.log_prob(at) - precision_weighted(one, other).log_prob(at)
    torch.testing.assert_close(apart, apart[:1].expand(9))


def divergence(mean, variance, other_mean, other_variance):
    """Of two normals, summed over latents, written out."""
    ratio = variance / other_variance
    return ((ratio + (mean - other_mean).square() / other_variance - 1 - ratio.log()) / 2).sum(1)


def test_the_loss_is_what_its_formula_says():
    model, x, targets = network(weight=0.7), images(4), torch.tensor([0, 2, 1, 1])
    features = model.features(model.encoder(model.standard(x)))
    deep, draw = model.deep(features), torch.Generator().manual_seed(5)
    mean, variance = model.upper.mean(deep), model.upper.log(deep).exp()
    upper = mean + variance.sqrt() * torch.randn(4, 2, generator=draw)
    above = model.above(upper)
    seen, known = ((part.mean(h), part.log(h).exp()) for part, h in ((model.lower, features), (model.prior, above)))
    both = 1 / (1 / seen[1] + 1 / known[1])
    middle = both * (seen[0] / seen[1] + known[0] / known[1])
    made = model.decoder(middle + both.sqrt() * torch.randn(4, 16, generator=draw))
    error = (made - model.standard(x)).square().flatten(1).sum(1) / 2
    bound = error + divergence(middle, both, *known) + divergence(mean, variance, torch.zeros(1), torch.ones(1))
    expected = cross_entropy(model.readout(upper), targets) + 0.7 * (bound / x[0].numel()).mean()
    torch.testing.assert_close(model.loss(x, targets, torch.Generator().manual_seed(5)), expected)


def test_images_are_read_in_sds_of_their_voxels_and_come_back():
    standard, x = Standard(GRID).double(), images(6)
    x[:, :, 0] = 0.3
    standard.measure(x)
    torch.testing.assert_close(standard(x), (x - x.mean(0)) / x.std(0).clamp(min=0.05))
    torch.testing.assert_close(standard.back(standard(x)), x)


def test_classes_lie_where_their_subjects_do():
    draw = torch.Generator().manual_seed(2)
    latents, targets = torch.randn(60, 2, generator=draw).double(), torch.arange(60) % 3
    latents[:, 1] += 2 * latents[:, 0] + targets
    classes = ClassNormals(3, 2).double()
    classes.measure(latents, targets)
    noise = torch.randn(200, 2, generator=draw).double()
    for label in range(3):
        members = latents[targets == label]
        torch.testing.assert_close(classes.mean[label], members.mean(0))
        placed = classes.placed(label, noise)
        root = torch.linalg.lstsq(noise, placed - members.mean(0)).solution
        torch.testing.assert_close(root.T @ root, members.T.cov(), rtol=1e-3, atol=1e-5)


def test_the_map_is_the_difference_of_decoded_class_means_and_the_same_for_all_images():
    model, x = network(), images()
    means = [model.sampled(k, SAMPLES, torch.Generator().manual_seed(0)).mean((0, 1)) for k in range(3)]
    found = Intrinsic()(model, x, (2, 0))
    torch.testing.assert_close(found[:, 0], (means[2] - means[0]).float().expand(3, *GRID), check_dtype=False)
    assert found.abs().max() > 1e-3


def test_sampled_images_are_decoded_from_what_upper_latents_say_of_lower_ones():
    model = network()
    drawn = torch.Generator().manual_seed(3)
    upper = model.classes.placed(1, torch.randn(5, 2, generator=drawn).double())
    prior = model.prior(model.above(upper))
    lower = prior.mean + prior.stddev * torch.randn(5, 16, generator=drawn)
    made = model.standard.back(model.decoder(lower))
    torch.testing.assert_close(model.sampled(1, 5, torch.Generator().manual_seed(3)), made)


class Blind(nn.Module):
    """Sees nothing in the second half of the rows."""

    def forward(self, x):
        return x * (torch.arange(8) < 4)[:, None, None]


def cubes(count, seed):
    """Noise, and in every second image two brighter cubes, in either half of the rows."""
    targets, draw = torch.arange(count) % 2, torch.Generator().manual_seed(seed)
    shape = torch.zeros(GRID)
    shape[1:3, 2:6, 2:6] = shape[5:7, 6:10, 2:6] = 1
    noise = 0.3 * torch.randn(count, 1, *GRID, generator=draw)
    return Batch(noise + 0.4 * shape * targets.reshape(-1, 1, 1, 1, 1), targets, torch.arange(count)), shape


def test_classes_differ_where_they_do_whether_the_network_reads_it_or_not():
    """It shows both cubes alike, and one of them the network cannot see: the difference of classes is not use."""
    torch.manual_seed(0)
    model, (train, shape), (validation, _) = (
        LadderVAE(GRID, 2, width=4, lower=4, rate=0.004),
        cubes(160, 1),
        cubes(40, 2),
    )
    model.encoder.insert(0, Blind())
    model.fit(train, validation, torch.Generator().manual_seed(0))
    x, targets = validation.images, validation.targets
    with torch.no_grad():
        assert (model(x).argmax(1) == targets).float().mean() > 0.9
        hidden = x + 5 * shape * (torch.arange(8) >= 4)[:, None, None]
        assert torch.equal(model(hidden), model(x))
        shown = Intrinsic()(model, x[:1], (1, 0))[0, 0]
    seen, unseen = (shown[half][shape[half] > 0].mean() for half in (slice(0, 4), slice(4, 8)))
    assert min(seen, unseen) > 0.3 and abs(seen - unseen) < 0.05
    assert torch.corrcoef(torch.stack([shown.flatten(), shape.flatten()]))[0, 1] > 0.9


def test_what_it_cannot_serve_is_refused():
    with pytest.raises(BadInput, match=r"LadderVAE.in_shape=\[8, 10, 8\] is not possible: give axes divisible by 4"):
        LadderVAE((8, 10, 8), 2)
    with pytest.raises(BadInput, match=r"LadderVAE.outputs=1 is not possible: give a task of two or more classes"):
        LadderVAE(GRID, 1)
