"""Perturbation families: where they act, what they leave, and that they repeat."""

import pytest
import torch

from bench.contracts import Context, Undefined
from metrics._shared.fills import erased
from metrics.perturbations import GaussianNoise, Patch, Redraw, RegionFill

N, SHAPE = 3, (1, 10, 12, 10)
IMAGES = torch.randn((N, *SHAPE), generator=torch.Generator().manual_seed(0)) + 3
DOMAIN = torch.zeros((N, *SHAPE), dtype=torch.bool)
DOMAIN[..., 2:8, 2:10, 2:8] = True
REGIONS = torch.zeros((N, *SHAPE), dtype=torch.int16)
REGIONS[..., 2:5, 2:10, 2:8], REGIONS[..., 5:9, 2:10, 2:8] = 1, 2
REDRAWS = torch.randn((6, *SHAPE), generator=torch.Generator().manual_seed(1))
CONTEXT = Context(
    subjects=(7, 8, 9), domain=DOMAIN, regions=REGIONS, region_names=("a", "b"), redraws=lambda s: REDRAWS + s
)
FAMILIES = [GaussianNoise(), *(Patch(fill=f) for f in ("zero", "mean", "domain_blur")), RegionFill(), Redraw(count=4)]


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_draws_repeat_and_belong_to_the_subject(family):
    first = family.draw(IMAGES, CONTEXT, 1)
    assert first.shape[1:] == SHAPE
    assert first.dtype == torch.float32
    assert torch.equal(first, family.draw(IMAGES, CONTEXT, 1))
    assert torch.equal(first, family.draw(IMAGES[1:], CONTEXT.take([1, 2]), 0))
    assert not torch.equal(first, family.draw(IMAGES, CONTEXT, 0))


@pytest.mark.parametrize("family", FAMILIES[:-1], ids=repr)
def test_nothing_outside_the_domain_changes(family):
    drawn = family.draw(IMAGES, CONTEXT, 0)
    assert (drawn[:, ~DOMAIN[0]] == 0).all()
    assert (drawn != 0).flatten(1).any(dim=1).all()


def test_gaussian_noise_has_the_asked_size_in_units_of_the_image():
    drawn = GaussianNoise(sd=0.5, count=200).draw(10 * IMAGES, CONTEXT, 0)
    expected = 0.5 * (10 * IMAGES[0][DOMAIN[0]]).std(correction=0)
    assert drawn[:, DOMAIN[0]].std().item() == pytest.approx(expected.item(), rel=0.02)


def test_a_method_s_own_noise_is_another_stream():
    own = torch.randn((1, *SHAPE), generator=CONTEXT.generator(0))
    drawn = GaussianNoise(count=1).draw(IMAGES, CONTEXT, 0)
    inside = DOMAIN[0]
    assert torch.corrcoef(torch.stack([own[0][inside], drawn[0][inside]]))[0, 1].abs() < 0.2


@pytest.mark.parametrize(("size", "fill", "value"), [(4, "zero", 0.0), (3, "mean", None), (1, "zero", 0.0)])
def test_a_patch_is_filled_and_the_rest_is_kept(size, fill, value):
    drawn = Patch(size=size, fill=fill, count=50).draw(IMAGES, CONTEXT, 2)
    value = IMAGES[2][DOMAIN[2]].mean().item() if value is None else value
    for one in drawn:
        hole = one != 0
        assert torch.allclose((IMAGES[2] - one)[hole], torch.tensor(value), atol=1e-5)
        sides = [int(hole[0].any(dim=tuple(a for a in range(3) if a != axis)).sum()) for axis in range(3)]
        assert max(sides) <= size
        assert hole.sum() == sides[0] * sides[1] * sides[2]
    assert (drawn != 0).flatten(1).sum(dim=1).max() == size**3


def test_patches_reach_every_voxel_of_the_domain():
    assert torch.equal((Patch(count=600).draw(IMAGES, CONTEXT, 0) != 0).any(dim=0), DOMAIN[0])


def test_blur_of_a_constant_brain_is_that_constant_up_to_its_edge():
    image = torch.where(DOMAIN[0], 5.0, 0.0)
    torch.testing.assert_close(erased(image, DOMAIN[0], "domain_blur")[DOMAIN[0]], torch.full((DOMAIN[0].sum(),), 5.0))


def test_regions_are_erased_one_at_a_time_inside_the_domain():
    holes = RegionFill(fill="zero").draw(IMAGES, CONTEXT, 0) != 0
    expected = [(REGIONS[0] == r) & DOMAIN[0] for r in (1, 2)]
    assert len(holes) == 2
    assert all(any(torch.equal(hole, e) for e in expected) for hole in holes)
    assert not torch.equal(holes[0], holes[1])


def test_redraws_give_back_the_simulator_s_images():
    left = IMAGES[1] - Redraw(count=100).draw(IMAGES, CONTEXT, 1)
    order = left.flatten(1).sum(dim=1).argsort()
    wanted = REDRAWS + 8
    torch.testing.assert_close(left[order], wanted[wanted.flatten(1).sum(dim=1).argsort()])
    assert len(Redraw(count=4).draw(IMAGES, CONTEXT, 1)) == 4


def test_missing_material_and_impossible_values():
    with pytest.raises(Undefined, match="simulator"):
        Redraw().draw(IMAGES, Context(), 0)
    with pytest.raises(Undefined, match="regions"):
        RegionFill().draw(IMAGES, Context(), 0)
