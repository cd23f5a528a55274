"""Blind spots of metrics that edit the image, shown on a linear model with a simulator made by hand."""

import pytest
import torch

from bench.contracts import Attribution, Context

SHAPE = (6, 1, 12, 12, 12)
SUBJECTS = tuple(range(6))


def noise(seed, shape=SHAPE):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


IMAGES, SLOPE = noise(0) + 2, noise(1, SHAPE[1:])
LESIONS = torch.zeros(SHAPE)
LESIONS[..., 2:5, 2:5, 2:5] = noise(2, (6, 1, 3, 3, 3))
REGIONS = torch.ones(SHAPE, dtype=torch.int16)
REGIONS[..., 6:, :, :], REGIONS[..., 3:], REGIONS[..., 0, :] = 2, 3, 0
MIDDLE = IMAGES.flatten(1).mean(dim=1)


def redraws(subject):
    """Each region in turn drawn without any contrast."""
    parts = [torch.where(REGIONS[subject] == r, MIDDLE[subject], IMAGES[subject]) for r in (1, 2, 3)]
    return torch.stack(parts)


CONTEXT = Context(
    subjects=SUBJECTS,
    regions=REGIONS,
    region_names=("a", "b", "c"),
    redraws=redraws,
    twin=lambda subject: (IMAGES - LESIONS)[subject],
    severities=lambda subject, strengths: torch.stack(
        [IMAGES[subject] - (1 - s) * LESIONS[subject] for s in strengths]
    ),
)


def linear(x):
    return (x * SLOPE).flatten(1).sum(dim=1)


def values(metric, maps, score=linear):
    """(N,) of maps taken for sensitivities of a model that is called once a perturbed image."""

    def outputs(perturbation, row):
        moved = perturbation.draw(IMAGES, CONTEXT, row)
        return moved, score(IMAGES[row : row + 1]) - score(IMAGES[row] - moved)

    return metric.model({"m": Attribution(maps)}, {"m": "sensitivity"}, outputs, CONTEXT)["m"]


@pytest.mark.parametrize(
    "name",
    [
        "infidelity_gaussian", "infidelity_patch", "infidelity_region", "infidelity_redraw", "infidelity_twin",
        "infidelity_severity",
    ],
)  # fmt: skip
def test_fitted_infidelity_sees_no_scale(name, shipped):
    gradient = SLOPE.expand(SHAPE)
    for factor in (0.01, 1, 100):
        assert values(shipped(name), factor * gradient).mean().item() == pytest.approx(0, abs=1e-6)
    assert values(shipped(name), -gradient).mean().item() == pytest.approx(1)


@pytest.mark.parametrize(
    "name",
    [
        "infidelity_gaussian_raw", "infidelity_patch_raw", "infidelity_region_raw", "infidelity_redraw_raw",
        "infidelity_twin_raw", "infidelity_severity_raw",
    ],
)  # fmt: skip
def test_raw_infidelity_takes_another_unit_for_ignorance(name, shipped):
    """The exact map is exact, and twice the exact map is worth as much as a map of zeros."""
    for factor, value in ((1, 0), (0, 1), (2, 1), (-1, 4)):
        found = values(shipped(name), factor * SLOPE.expand(SHAPE)).mean().item()
        assert found == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    "name", ["infidelity_twin", "infidelity_twin_raw", "infidelity_severity", "infidelity_severity_raw"]
)
def test_only_the_map_where_the_disease_acts_counts(name, shipped):
    """A map that is right on the lesion and noise elsewhere is exact: the rest is never asked."""
    right = torch.where(LESIONS != 0, SLOPE.expand(SHAPE), noise(3))
    assert values(shipped(name), right).mean().item() == pytest.approx(0, abs=1e-6)
    assert values(shipped(name), SLOPE * (LESIONS == 0)).mean().item() == pytest.approx(1)


@pytest.mark.parametrize("name", ["rank_patch", "rank_region", "rank_redraw"])
def test_ranks_of_edits_reward_a_constant_map(name, shipped):
    """Larger edits take more of the contrast that the model sums: a constant map ranks by size alone."""
    middle = MIDDLE.mean()

    def contrast(x):
        return (x - middle).abs().flatten(1).sum(dim=1)

    found = values(shipped(name), torch.full(SHAPE, 2.0), contrast)
    assert (found > 0.5).all()
    assert torch.equal(found, values(shipped(name), torch.full(SHAPE, -3.0), contrast))


@pytest.mark.parametrize(
    "name", ["deletion", "insertion", "selectivity", "deletion_blur", "insertion_blur", "selectivity_blur"]
)
def test_ties_are_erased_in_an_order_that_no_method_chose(name, shipped):
    """Maps without any order get one, the same for all: their value is that order's, not theirs."""
    found = [values(shipped(name), torch.full(SHAPE, value)) for value in (0.0, 1.0, -2.0)]
    assert found[0].isfinite().all() and found[0].std() > 0
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])


@pytest.mark.parametrize("name", ["deletion_redraw", "insertion_redraw", "selectivity_redraw"])
def test_voxels_of_no_region_are_never_erased(name, shipped):
    """A model that reads nothing else is undefined, whatever the map says of them."""
    none, maps = (REGIONS[0] == 0).float(), noise(4)
    assert values(shipped(name), maps, lambda x: (x * none).flatten(1).sum(1)).isnan().all()
    both = [values(shipped(name), maps, lambda x, k=k: linear(x * (1 + k * none))) for k in (0, 100)]
    torch.testing.assert_close(both[0], both[1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["deletion_twin", "insertion_twin", "selectivity_twin"])
def test_what_the_model_reads_where_twins_are_equal_is_never_asked(name, shipped):
    """A map of the lesion scores the same whether the model reads the lesion only or mostly everything else."""
    elsewhere = (LESIONS[0] == 0).float()
    both = [values(shipped(name), LESIONS, lambda x, k=k: linear(x * (1 - elsewhere + k * elsewhere))) for k in (0, 10)]
    assert both[0].isfinite().all()
    torch.testing.assert_close(both[0], both[1], rtol=1e-3, atol=1e-3)
