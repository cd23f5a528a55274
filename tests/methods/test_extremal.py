"""Extremal perturbation finds what a constructed network reads, holds its area, and favours no side."""

import torch
from torch import nn

from bench.checks.method_probe import Plain, probes, randomised
from methods.extremal import ExtremalPerturbation, shifted_to_area

IMAGES = probes()[0].images
BOX = (slice(None), slice(None), slice(2, 6), slice(6, 10), slice(0, 4))


class Reader(nn.Module):
    """The ReLU of the mean over one box."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(1, 2)
        self.head.weight.data, self.head.bias.data = torch.tensor([[0.0], [3.0]]), torch.zeros(2)

    def forward(self, x):
        return self.head(x[BOX].mean((2, 3, 4)).relu())


def test_it_finds_the_box_that_a_network_reads():
    images = IMAGES.abs() + 0.5
    share = images[BOX][0].numel() / images[0].numel()
    found = ExtremalPerturbation(areas=(share,), steps=40, fill="zero")(Reader(), images, (1, 0))
    inside = torch.zeros_like(images, dtype=torch.bool)
    inside[BOX] = True
    for mask, box in zip(found, inside, strict=True):
        top = mask.flatten().topk(int(box.sum())).indices
        assert box.flatten()[top].float().mean() > 0.9
        assert mask[box].mean() > 0.9 and mask[~box].mean() < 0.02


def test_what_opposes_the_score_is_left_out():
    images = IMAGES.abs() + 0.5
    found = ExtremalPerturbation(areas=(0.3,), fill="zero")(Reader(), images, 0)
    against = ExtremalPerturbation(areas=(0.3,), fill="zero")(Reader(), images, (0, 1))
    assert against[BOX].max() < 0.01  # class 0 less class 1 falls with the box
    torch.testing.assert_close(found, torch.full_like(found, 0.3))  # class 0 alone reads nothing


def test_a_grid_keeps_its_area_and_its_order():
    grid = torch.randn(4, 1, 5, 6, 7, generator=torch.Generator().manual_seed(0)) * 3
    for area in (0.01, 0.4, 0.9):
        found = shifted_to_area(grid, area)
        torch.testing.assert_close(found.mean((1, 2, 3, 4)), torch.full((4,), area))
        order = grid.flatten(1).argsort(1)
        assert (found.flatten(1).gather(1, order).diff(dim=1) >= 0).all()


def test_its_mask_keeps_more_of_the_score_than_the_same_mask_elsewhere():
    model, x = randomised(Plain(), 0), IMAGES
    mask = ExtremalPerturbation((0.2,), fill="zero")(model, x, (1, 0))

    def score(seen):
        outputs = model(seen)
        return (outputs[:, 1] - outputs[:, 0]).detach()

    kept = score(mask * x)
    assert (kept > score(0.2 * x)).all()
    moved = [score(mask.roll((d, h, w), (2, 3, 4)) * x) for d in (0, 4) for h in (0, 3, 6, 9) for w in (0, 4)][1:]
    assert all((kept > other).all() for other in moved)


def test_a_mask_of_one_cell_is_constant_at_its_area():
    found = ExtremalPerturbation((0.2,), steps=2, cells=1)(randomised(Plain(), 0), IMAGES, (1, 0))
    torch.testing.assert_close(found, torch.full_like(IMAGES, 0.2))
