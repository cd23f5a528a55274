"""Views of a model: each against a model whose features are known."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr, ttest_ind
from torch import nn

from bench.contracts import BadInput, Batch, Unsupported
from bench.explore.views import kernels, known, latent, layers, maximal, tree
from bench.networks.cnn import PooledCNN
from bench.networks.linear import Linear

SHAPE = (8, 8, 8)


def _images(count, seed=0):
    return torch.randn(count, 1, *SHAPE, generator=torch.Generator().manual_seed(seed))


def _cnn(**over):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PooledCNN(SHAPE, 2, **{"width": 4, "blocks": 2, "pool": "max", **over}).eval()


class Slabs(nn.Module):
    """Channel k is the mean of slab k; the readout reads the channels."""

    def __init__(self):
        super().__init__()
        self.slabs = nn.Conv3d(1, 4, (2, 8, 8), stride=2, bias=False)
        nn.init.zeros_(self.slabs.weight)
        with torch.no_grad():
            self.slabs.weight[0] = 1 / 128
            self.slabs.weight[1, 0, 0] = 1 / 64
        self.readout = nn.Linear(4, 2)

    def forward(self, x):
        return self.readout(self.slabs(x).amax((2, 3, 4)))


def test_features_are_what_the_readout_reads():
    model, images = _cnn(), _images(5)
    found = layers.readout_features(model, images)
    torch.testing.assert_close(model.readout(found), model(images))
    with pytest.raises(Unsupported, match="no hidden layer"):
        layers.readout_features(Linear(SHAPE, 2), images)


def test_activations_are_those_of_the_layer_and_leave_no_hook():
    model, images = _cnn(), _images(3)
    found = layers.activations(model, images, "features.0")
    torch.testing.assert_close(found, nn.functional.conv3d(images, model.features[0].weight, padding=1))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert not found.requires_grad


def test_layers_that_a_pass_goes_through_are_named_and_keep_no_hook():
    model = _cnn()
    model.beside = nn.Conv3d(1, 1, 1)
    assert layers.passed_through(model, _images(2)) == ["features.0", "features.4"]
    assert list(layers.convolutions(model)) == ["features.0", "features.4", "beside"]
    assert not any(module._forward_hooks for module in model.modules())
    model.features = model.readout = nn.Identity()
    model.forward = lambda x: x.flatten(1)[:, :2]
    with pytest.raises(Unsupported, match="go through no convolution"):
        layers.passed_through(model, _images(2))


def test_kernels_of_the_first_layer():
    model = _cnn()
    assert torch.equal(kernels.kernels(model, SHAPE), model.features[0].weight[:, 0])
    assert kernels.kernels(Linear(SHAPE, 2), SHAPE).shape == (2, *SHAPE)
    with pytest.raises(Unsupported):
        kernels.kernels(nn.Sequential(nn.Flatten(), nn.Linear(7, 2)), SHAPE)


def test_diversity_of_orthogonal_equal_and_random_filters():
    orthogonal, equal, noise = (nn.Conv3d(1, 8, 2, bias=False) for _ in range(3))
    nn.init.orthogonal_(orthogonal.weight)
    nn.init.constant_(equal.weight, 0.1)
    found = kernels.filter_diversity(nn.Sequential(orthogonal, equal)).set_index("layer")
    assert found["similarity"].tolist() == pytest.approx([0, 1], abs=1e-5)
    assert found["rank"].tolist() == pytest.approx([8, 1], abs=1e-3)
    large = nn.Conv3d(1, 64, 6, bias=False)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        nn.init.normal_(large.weight)
    row = kernels.filter_diversity(nn.Sequential(large)).iloc[0]
    assert row["similarity"] == pytest.approx(row["expected"], rel=0.05) and row["dead"] == 0
    with torch.no_grad():
        noise.weight[3] = 0
    assert kernels.filter_diversity(nn.Sequential(noise)).iloc[0]["dead"] == 1


def test_a_projection_finds_the_plane_the_subjects_lie_in():
    rng = torch.Generator().manual_seed(0)
    flat = torch.randn(40, 2, generator=rng) * torch.tensor([3.0, 1.0])
    turn = torch.linalg.qr(torch.randn(6, 6, generator=rng)).Q[:2]
    found = latent.project(flat @ turn)
    distance = torch.pdist(torch.tensor(found[["pca_1", "pca_2"]].to_numpy(), dtype=torch.float32))
    torch.testing.assert_close(distance, torch.pdist(flat), rtol=1e-3, atol=1e-3)
    assert found.notna().all().all() and list(found) == ["pca_1", "pca_2", "tsne_1", "tsne_2"]
    pd.testing.assert_frame_equal(found, latent.project(flat @ turn))
    with pytest.raises(BadInput, match="5 or more"):
        latent.project(flat[:4])


class _Ramp:
    """Images that brighten with the strength."""

    def sample(self, indices, stream, do):
        images = torch.stack([torch.full((1, *SHAPE), do["strength"] * (1 + i)) for i in indices])
        return Batch(images, torch.ones(len(indices)).long(), torch.tensor(indices))


def test_trajectories_lead_from_health_to_disease():
    model = Slabs()
    found = latent.trajectories(model, _Ramp(), latent.axes(layers.readout_features(model, _images(20))), [0, 3])
    assert found["strength"].tolist() == [s for s in latent.STRENGTHS for _ in range(2)]
    path = found[found["subject"] == 3][["pca_1", "pca_2"]].to_numpy()
    np.testing.assert_allclose(np.diff(path, axis=0), np.diff(path, axis=0)[[0]].repeat(4, 0), atol=1e-5)


def test_subgroups_split_along_the_main_axis_and_the_t_map_is_welchs():
    images, group = _images(12), torch.arange(12) % 3 == 0
    images[group, :, 2:4] += 3
    assert set(latent.subgroups(images.flatten(1))[group].tolist()) == {latent.subgroups(images.flatten(1))[0].item()}
    found = latent.welch_map(images, group)
    expected = ttest_ind(images[group, 0, 3, 1, 5], images[~group, 0, 3, 1, 5], equal_var=False).statistic
    assert found[3, 1, 5].item() == pytest.approx(expected, rel=1e-4)
    images[:, :, 0] = 1
    assert not latent.welch_map(images, group)[0].any()
    with pytest.raises(BadInput, match="two subjects on either side"):
        latent.welch_map(images, torch.arange(12) == 0)


def test_correlations_are_spearmans_and_name_the_latent():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.standard_normal(30), "b": rng.integers(0, 4, 30), "same": 1.0})
    features = torch.tensor(np.column_stack([np.exp(table["a"]), -table["b"] + 0.01 * table["a"], np.ones(30)]))
    found = known.correlations(features, table)
    assert list(found) == ["a", "b"]
    assert found.loc[1, "b"] == pytest.approx(spearmanr(features[:, 1], table["b"]).statistic)
    best = known.strongest(found)
    assert best["latent"].tolist() == ["a", "b"] and best["feature"].tolist() == [0, 1]
    assert best["r"].iloc[0] == pytest.approx(1) and best["r"].iloc[1] < -0.9


def test_subjects_that_excite_a_channel_are_found_with_their_place():
    images = 0.01 * _images(6)
    images[4, :, 4:6] += 1
    images[2, :, 0:2] += 0.5
    found = maximal.subjects(Slabs(), images, "slabs", 2)
    first = found[found["channel"] == 0]
    assert first["row"].tolist() == [4, 2]
    assert first[["x", "y", "z"]].to_numpy().tolist() == [[5, 4, 4], [1, 4, 4]]
    assert maximal.subjects(Slabs(), images, "readout", 1)[["x", "y", "z"]].to_numpy().tolist() == [[-1] * 3] * 2


def test_maximisation_of_a_linear_channel_goes_along_its_weights():
    start = torch.zeros(1, 1, *SHAPE)
    image, course = maximal.maximise(Slabs(), start, "slabs", 1, radius=0.1, sigma=0)
    weights = torch.zeros(SHAPE)
    weights[::2] = 1
    torch.testing.assert_close(image[0, 0], 0.1 * weights / weights.square().mean().sqrt())
    assert course[0] == 0 and all(b >= a - 1e-6 for a, b in itertools.pairwise(course))
    assert (image - start).square().mean().sqrt().item() == pytest.approx(0.1)


def test_maximisation_refuses_a_channel_that_depends_on_nothing():
    with pytest.raises(BadInput, match="channel 3 of slabs does not depend on the image"):
        maximal.maximise(Slabs(), torch.zeros(1, 1, *SHAPE), "slabs", 3)
    with pytest.raises(BadInput, match="one image"):
        maximal.maximise(Slabs(), _images(2), "slabs", 0)


class Halves(nn.Module):
    """Class 1 where the upper half is brighter than the lower."""

    def forward(self, x):
        score = 20 * (x[:, 0, :4].mean((1, 2, 3)) - x[:, 0, 4:].mean((1, 2, 3)))
        return torch.stack([-score, score], 1)


def test_a_tree_imitates_a_split_and_shows_its_weights():
    shift = torch.randn(300, 1, 1, 1, 1, generator=torch.Generator().manual_seed(5))
    images = _images(300, 1) + 0.5 * shift * torch.cat([torch.ones(4), -torch.ones(4)]).view(1, 1, 8, 1, 1)
    found = tree.distil(Halves(), images[:200], images[200:], depth=1)
    assert found.fidelity > 0.9 > 0.7 > found.share
    volume = found.tree.volumes[0]
    assert volume[:4].mean() * volume[4:].mean() < 0
    again = tree.distil(Halves(), images[:200], images[200:], depth=1)
    assert torch.equal(volume, again.tree.volumes[0])


def test_paths_are_products_of_turns_and_sum_to_one():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = tree.SoftTree(_images(20), 3, depth=3)
        nn.init.normal_(made.split.weight)
    leaves, nodes = made.paths(_images(4, 2))
    right = made.right(_images(4, 2))
    torch.testing.assert_close(leaves.sum(1), torch.ones(4))
    torch.testing.assert_close(leaves[:, 5], right[:, 0] * (1 - right[:, 2]) * right[:, 5])
    torch.testing.assert_close(nodes[:, 5], right[:, 0] * (1 - right[:, 2]))
    assert made(_images(4, 2)).exp().sum(1).allclose(torch.ones(4))
