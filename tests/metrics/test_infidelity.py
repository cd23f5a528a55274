"""Infidelity on a linear model, where the right answers are known."""

import pytest
import torch

from bench.contracts import Attribution, Context, Undefined
from metrics.infidelity import Infidelity, InfidelityRank
from metrics.perturbations import GaussianNoise, Patch

N, SHAPE = 5, (1, 6, 7, 6)
SOURCE = torch.Generator().manual_seed(0)
IMAGES = torch.randn((N, *SHAPE), generator=SOURCE)
SLOPE = torch.randn(SHAPE, generator=SOURCE)
NOISE = torch.randn((N, *SHAPE), generator=SOURCE)
CONTEXT = Context(subjects=tuple(range(N)))
GRADIENT = SLOPE.expand(N, *SHAPE)
FAMILIES = [GaussianNoise(count=64), Patch(size=3, count=64)]


def outputs(perturbation, row):
    moved = perturbation.draw(IMAGES, CONTEXT, row)
    return moved, (moved * SLOPE).flatten(1).sum(dim=1)


def score(attribution, quantity="sensitivity", scaling="fitted", family=FAMILIES[0]):
    metric = Infidelity(perturbation=family, scaling=scaling)
    values = metric.model({"m": attribution}, {"m": quantity}, outputs, CONTEXT)["m"]
    assert values.shape == (N,)
    return values.mean().item()


def test_chance_at_a_fitted_scale_is_what_zeros_score():
    """Maps of noise, 200 of them; at a scale of their own they are as far off as they are large."""
    source = torch.Generator().manual_seed(1)
    maps = {str(k): Attribution(torch.randn((N, *SHAPE), generator=source)) for k in range(200)}
    metric = Infidelity(FAMILIES[0])
    scores = metric.model(maps, dict.fromkeys(maps, "sensitivity"), outputs, CONTEXT)
    means = torch.stack([values.mean() for values in scores.values()])
    assert means.mean().item() == pytest.approx(metric.tags.chance, abs=0.01)
    assert Infidelity(FAMILIES[0], scaling="none").tags.chance is None


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
@pytest.mark.parametrize("scaling", ["fitted", "none"])
class TestLinearModel:
    def test_the_gradient_is_exact(self, family, scaling):
        assert score(Attribution(GRADIENT), "sensitivity", scaling, family) < 1e-10

    def test_gradient_times_input_is_exact_by_its_multiplier(self, family, scaling):
        contribution = Attribution(GRADIENT * IMAGES, multiplier=GRADIENT)
        assert score(contribution, "contribution", scaling, family) < 1e-10

    def test_gradient_times_input_taken_for_a_sensitivity_is_not(self, family, scaling):
        assert score(Attribution(GRADIENT * IMAGES), "sensitivity", scaling, family) > 0.3

    def test_twice_the_gradient_is_exact_after_scaling_only(self, family, scaling):
        value = score(Attribution(2 * GRADIENT), "sensitivity", scaling, family)
        assert value == pytest.approx(0 if scaling == "fitted" else 1, abs=1e-6)

    def test_the_wrong_sign_is_not_repaired(self, family, scaling):
        value = score(Attribution(-GRADIENT), "sensitivity", scaling, family)
        assert value == pytest.approx(1 if scaling == "fitted" else 4)

    def test_a_map_of_zeros_scores_one_exactly(self, family, scaling):
        assert score(Attribution(0 * GRADIENT), "sensitivity", scaling, family) == pytest.approx(1, abs=1e-6)

    def test_noise_does_not_beat_zeros(self, family, scaling):
        assert score(Attribution(NOISE), "sensitivity", scaling, family) > 0.9

    def test_locations_and_contributions_without_multiplier_are_undefined(self, family, scaling):
        metric = Infidelity(perturbation=family, scaling=scaling)
        maps = {"where": Attribution(NOISE), "bare": Attribution(NOISE)}
        values = metric.model(maps, {"where": "location", "bare": "contribution"}, outputs, CONTEXT)
        assert all(v.isnan().all() and v.shape == (N,) for v in values.values())


def normalised(formula, phi):
    """A formula of (I, Phi, df) as a share of E[df^2], over all subjects."""
    rows = [outputs(FAMILIES[0], row) for row in range(N)]
    moved = torch.cat([m for m, _ in rows]).flatten(1)
    change = torch.cat([c for _, c in rows])
    return (formula(moved * phi.flatten(), change) / change.square().mean()).item()


MISPLACED = {
    "each product squared, less df squared": lambda ip, df: (ip.square().sum(dim=1) - df.square()).mean(),
    "each product squared, less df": lambda ip, df: (ip.square().sum(dim=1) - df).mean(),
    "each product less df, squared": lambda ip, df: (ip - df[:, None]).square().sum(dim=1).mean(),
    "the mean squared": lambda ip, df: (ip.sum(dim=1) - df).mean().square(),
    "prediction and df squared apart": lambda ip, df: (ip.sum(dim=1).square() - df.square()).mean(),
}


def is_infidelity(value):
    """0 for the exact map, 1 for zeros, above 1/2 for noise."""
    return abs(value(SLOPE)) < 1e-6 and abs(value(0 * SLOPE) - 1) < 1e-6 and value(NOISE[0]) > 0.5


def test_ours_satisfies_the_three_identities():
    assert is_infidelity(lambda phi: score(Attribution(phi.expand(N, *SHAPE)), scaling="none"))


@pytest.mark.parametrize("name", MISPLACED)
def test_a_misplaced_square_breaks_one_of_them(name):
    assert not is_infidelity(lambda phi: normalised(MISPLACED[name], phi))


def test_values_average_to_the_pooled_ratio():
    values = Infidelity(perturbation=FAMILIES[0], scaling="none").model(
        {"m": Attribution(NOISE)}, {"m": "sensitivity"}, outputs, CONTEXT
    )["m"]
    left = total = 0.0
    for row in range(N):
        moved, change = outputs(FAMILIES[0], row)
        for one, df in zip(moved.double(), change.double(), strict=True):
            left += ((one * NOISE[row].double()).sum() - df).square()
            total += df.square()
    assert values.mean().item() == pytest.approx((left / total).item(), rel=1e-5)


def test_the_scale_of_a_half_comes_from_the_other_half():
    maps = GRADIENT.clone()
    maps[0] *= 5
    values = Infidelity(perturbation=FAMILIES[0]).model(
        {"m": Attribution(maps)}, {"m": "sensitivity"}, outputs, CONTEXT
    )["m"]
    # Subjects 0, 3 and 4 share a half: only 1 and 2 are scaled by a fit that saw the odd one.
    assert values[3].item() == pytest.approx(0, abs=1e-8)
    assert values[1].item() > 0.1


def test_a_method_scores_the_same_bytes_with_or_without_others():
    metric = Infidelity(perturbation=FAMILIES[1])
    alone = metric.model({"m": Attribution(NOISE)}, {"m": "sensitivity"}, outputs, CONTEXT)["m"]
    others = {f"o{i}": Attribution(NOISE.roll(i, dims=-1)) for i in range(1, 6)}
    broken = {"bad": Attribution(NOISE * torch.nan)}
    maps = {**others, **broken, "m": Attribution(NOISE)}
    together = metric.model(maps, dict.fromkeys(maps, "sensitivity"), outputs, CONTEXT)
    assert torch.equal(alone, together["m"])
    assert together["bad"].isnan().all()


def test_one_subject_cannot_be_cross_fitted_and_a_mute_model_has_no_score():
    one = {"m": Attribution(NOISE[:1])}
    metric = Infidelity(perturbation=FAMILIES[0])
    with pytest.raises(Undefined, match="two subjects or more"):
        metric.model(one, {"m": "sensitivity"}, outputs, CONTEXT.take([0]))

    def mute(perturbation, row):
        moved, change = outputs(perturbation, row)
        return moved, 0 * change

    for silent in (metric, InfidelityRank(perturbation=FAMILIES[1])):
        assert silent.model({"m": Attribution(NOISE)}, {"m": "sensitivity"}, mute, CONTEXT)["m"].isnan().all()


def test_rank_follows_what_the_model_reads_and_needs_no_quantity():
    local = torch.zeros(SHAPE)
    local[:, 1:4, 1:4, 1:4] = 1.0

    def sums(perturbation, row):
        moved = perturbation.draw(IMAGES.abs() + 1, CONTEXT, row)
        return moved, (moved * local).flatten(1).sum(dim=1)

    right = local.expand(N, *SHAPE)
    maps = {name: Attribution(m) for name, m in {"right": right, "zero": 0 * NOISE, "elsewhere": 1 - right}.items()}
    metric = InfidelityRank(perturbation=Patch(size=3, fill="zero"))
    values = metric.model(maps, dict.fromkeys(maps, "location"), sums, CONTEXT)
    assert (values["right"] > 0.9).all()
    assert (values["zero"] == 0).all()
    assert (values["elsewhere"] < 0).all()
