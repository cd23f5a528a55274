"""Zero padding inside a network tells it where things are, even after averaging over space."""

import copy

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from bench.checks.method_probe import randomised
from bench.networks.cnn import PooledCNN
from bench.networks.patch_fcn import PatchFCN

SIZE = 16


def cubes(count, seed):
    """A bright cube of random brightness on black, anywhere on a lattice of 4 voxels; class: its half of axis H."""
    generator = torch.Generator().manual_seed(seed)
    x, places = torch.zeros(count, 1, SIZE, SIZE, SIZE), torch.randint(SIZE // 4, (count, 3), generator=generator)
    for image, place in zip(x, places * 4, strict=True):
        d, h, w = place.tolist()
        image[:, d : d + 4, h : h + 4, w : w + 4] = 0.5 + torch.rand(1, generator=generator)
    return x, (places[:, 1] >= SIZE // 8).long()


def everywhere():
    """The same cube at all 64 places."""
    x = torch.zeros(64, 1, SIZE, SIZE, SIZE)
    for number, image in enumerate(x):
        d, h, w = (4 * (number // step % 4) for step in (16, 4, 1))
        image[:, d : d + 4, h : h + 4, w : w + 4] = 1
    return x


class Windows(PatchFCN):
    """Views of the patch network's windows, averaged without weights of places."""

    def forward(self, x):
        return self.features(x).mean((2, 3, 4))


def gap_cnn():
    torch.manual_seed(0)
    return PooledCNN((SIZE,) * 3, 2, width=4, blocks=3)


def wrapped(model):
    """The same network with the grid closed to a ring instead of padded."""
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, nn.Conv3d):
            module.padding_mode = "circular"
    return model


def accuracy(model):
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    for step in range(150):
        x, y = cubes(16, 1000 + step)
        optimiser.zero_grad()
        cross_entropy(model.train()(x), y).backward()
        optimiser.step()
    x, y = cubes(400, 0)
    with torch.no_grad():
        return (model.eval()(x).argmax(1) == y).float().mean().item()


def spread(model):
    """The move of outputs over places, against their move when the cube goes."""
    model = randomised(model, 1).double()
    with torch.no_grad():
        here, nothing = model(everywhere().double()), model(torch.zeros(2, 1, SIZE, SIZE, SIZE).double())[:1]
    return ((here - here[:1]).abs().max() / (here[:1] - nothing).abs().max()).item()


def test_a_mean_pooled_network_learns_where_a_cube_is():
    assert accuracy(gap_cnn()) > 0.9


def test_without_zero_padding_the_same_network_stays_at_chance():
    assert abs(accuracy(wrapped(gap_cnn())) - 0.5) < 0.1


def test_place_changes_outputs_only_where_padding_is_inside():
    """For any weights, so no training could help: exact on a closed ring, and for a patch network padded outside."""
    assert spread(gap_cnn()) > 0.1
    assert spread(wrapped(gap_cnn())) < 1e-12
    assert spread(Windows((SIZE,) * 3, 2).eval()) < 1e-12
