"""Sign agreement on maps whose signs are known."""

import pytest
import torch

from bench.contracts import Attribution, BadInput, Context, Truth, Undefined
from metrics.sign import SignAgreement

SHAPE = (2, 1, 3, 4, 5)


@pytest.fixture
def truth():
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))


def score(attribution, quantity, truth, domain=None):
    context = Context(domain=domain, truths={"counterfactual": Truth("counterfactual", volume=truth)})
    return SignAgreement().model({"m": attribution}, {"m": quantity}, None, context)["m"].tolist()


def test_a_plain_sum_agrees(truth):
    maps = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1)).round()
    domain = torch.rand(SHAPE, generator=torch.Generator().manual_seed(2)) < 0.6
    found = score(Attribution(maps), "sensitivity", truth, domain)
    for row in range(2):
        pairs = list(zip(maps[row][domain[row]].tolist(), truth[row][domain[row]].tolist(), strict=True))
        right = sum(abs(t) * (1.0 if m * t > 0 else 0.5 if m == 0 else 0.0) for m, t in pairs)
        assert found[row] == pytest.approx(right / sum(abs(t) for _, t in pairs))


@pytest.mark.parametrize(("factor", "share"), [(1, 1.0), (-3, 0.0), (0, 0.5)])
def test_known_signs(truth, factor, share):
    assert score(Attribution(factor * truth), "sensitivity", truth) == [share] * 2


def test_contributions_are_judged_by_their_multiplier(truth):
    map_of_other_sign = Attribution(-truth.abs(), multiplier=truth)
    assert score(map_of_other_sign, "contribution", truth) == [1.0] * 2


def test_undefined_cases(truth):
    bare = Attribution(truth)
    for attribution, quantity, given in (
        (bare, "location", truth),
        (bare, "contribution", truth),
        (bare, "sensitivity", 0 * truth),
    ):
        assert torch.tensor(score(attribution, quantity, given)).isnan().all()
    with pytest.raises(Undefined):
        SignAgreement().model({"m": bare}, {"m": "sensitivity"}, None, Context())


def test_a_truth_outside_the_domain_or_of_another_grid_is_refused(truth):
    bare, corner = Attribution(truth), torch.zeros(SHAPE, dtype=torch.bool)
    corner[..., 0] = True
    with pytest.raises(Undefined, match="most of the truth 'counterfactual' lies outside the domain"):
        score(bare, "sensitivity", truth * ~corner, corner)
    with pytest.raises(BadInput, match="the truth 'counterfactual' has shape"):
        score(bare, "sensitivity", truth[..., :3])
