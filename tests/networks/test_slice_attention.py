"""Attention in two steps: its map against loops, a model that looks at one slice, and one that uses nothing there."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool3d

from bench.checks.method_probe import randomised
from bench.contracts import BadInput
from bench.networks.slice_attention import EDGE, SliceAttention
from methods.intrinsic import Intrinsic

GRID = (8, 12, 5)


def network():
    torch.manual_seed(0)
    return randomised(SliceAttention(GRID, 2, width=2, inner=3), 1).double().requires_grad_(False)


def images(count=3):
    return torch.rand(count, 1, *GRID, generator=torch.Generator().manual_seed(1)).double()


def score(part, feature, *place):
    """psi . relu(theta feature) of one feature (C,), unit by unit, and the score of its place."""
    theta, psi = part.feature[0], part.feature[2].weight.flatten().tolist()
    hidden = [float(bias + weight.flatten() @ feature) for weight, bias in zip(theta.weight, theta.bias, strict=True)]
    return float(part.place[place]) + sum(w * max(0.0, h) for w, h in zip(psi, hidden, strict=True))


def shares(values):
    raised = np.exp(np.array(values) - max(values))
    return raised / raised.sum()


def between(voxel, places):
    """The two places that a voxel lies between, and how far from the first."""
    at = min(max((voxel + 0.5) / EDGE - 0.5, 0), places - 1)
    return int(at), min(int(at) + 1, places - 1), at - int(at)


def slowly(model, image):
    """The map (D, H, W) of an image (1, D, H, W), place by place and voxel by voxel."""
    features = model.slices(image[None])[0]
    _, rows, columns, slices = features.shape
    of_slices = shares([score(model.which, features[..., k].mean((1, 2)), 0, 0, k) for k in range(slices)])
    drawn = np.zeros(image.shape[1:])
    for k in range(slices):
        of_places = shares(
            [score(model.where, features[:, i, j, k], i, j, k) for i in range(rows) for j in range(columns)]
        ).reshape(rows, columns)
        for d, h in np.ndindex(*drawn.shape[:2]):
            (i, below, down), (j, beside, over) = between(d, rows), between(h, columns)
            line = (1 - over) * of_places[:, j] + over * of_places[:, beside]
            drawn[d, h, k] = of_slices[k] * ((1 - down) * line[i] + down * line[below])
    return drawn


def test_the_map_is_slice_weight_times_place_weight():
    model, x = network(), images()
    found = Intrinsic()(model, x, (1, 0))
    assert found.shape == x.shape
    np.testing.assert_allclose(found[:, 0], [slowly(model, image) for image in x], rtol=1e-6, atol=1e-9)


def test_weights_sum_to_one_and_their_product_is_what_is_read():
    model, x = network(), images()
    features = model.slices(x)
    slices, places = model.weights(features)
    torch.testing.assert_close(slices.sum((1, 2, 3, 4)), torch.ones(3).double())
    torch.testing.assert_close(places.sum((1, 2, 3)), torch.ones(3, 5).double())
    mean = torch.einsum("nk,nijk,ncijk->nc", slices[:, 0, 0, 0], places[:, 0], features)
    torch.testing.assert_close(model(x), model.readout(mean))


def test_slices_are_encoded_one_by_one():
    model, x = network(), images()
    alone = torch.cat([model.slices(x[..., k : k + 1]) for k in range(GRID[2])], 4)
    torch.testing.assert_close(model.slices(x), alone)


class Brightness(nn.Module):
    """Features that are the mean of each place, and 1 everywhere."""

    def forward(self, x):
        mean = avg_pool3d(x, (EDGE, EDGE, 1))
        return torch.cat([mean, torch.ones_like(mean)], 1)


def looking(read):
    """A model set by hand: it looks at the brightest slice and the brightest place in it; the readout reads `read`."""
    model = SliceAttention(GRID, 2, width=1, inner=1).double().eval()
    model.slices, model.readout.weight = Brightness(), nn.Parameter(torch.tensor([[0.0, 0.0], read]).double())
    for part in (model.which, model.where):
        part.feature[0].weight = nn.Parameter(torch.tensor([[1.0, 0.0]]).double()[..., None, None, None])
        part.feature[0].bias.data.zero_()
        part.feature[2].weight.data.fill_(200)
    return model


def bright():
    """An image with one bright place, rows 4 to 8 and columns 0 to 4 of slice 3."""
    x = images(1)
    x[:, :, 4:8, 0:4, 3] += 3
    return x


def test_a_model_that_looks_at_one_slice_has_its_map_there():
    model, x = looking([1.0, 0.0]), bright()
    shown = model.intrinsic(x)["attention"][0, 0]
    assert shown[..., 3].sum() > (1 - 1e-9) * shown.sum()
    torch.testing.assert_close(shown[6:, :2, 3], torch.ones(2, 2).double())
    torch.testing.assert_close(model(x)[0, 1] - model.readout.bias[1], x[0, 0, 4:8, 0:4, 3].mean())


def test_attention_is_not_use():
    """The map lies in one slice all the same where the readout uses nothing that any image can change."""
    model, x = looking([0.0, 1.0]), bright()
    assert torch.equal(model.intrinsic(x)["attention"], looking([1.0, 0.0]).intrinsic(x)["attention"])
    torch.testing.assert_close(model(x), model(torch.zeros_like(x)), rtol=0, atol=1e-12)


def test_slices_that_places_do_not_divide_are_refused_and_any_number_of_slices_is_taken():
    assert SliceAttention((4, 8, 1), 3).eval()(torch.rand(2, 1, 4, 8, 1)).shape == (2, 3)
    for shape in ((8, 10, 8), (2, 8, 8)):
        with pytest.raises(
            BadInput,
            match=r"SliceAttention.in_shape=\[.*\] is not possible: give axial slices whose axes are divisible",
        ):
            SliceAttention(shape, 2)
