"""The agreement of halves of draws, as told by standard errors, is that of halves which are drawn."""

import numpy as np
import pytest
import torch

from bench.contracts import Truth
from bench.tables.halves import halves_agree


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
def test_it_is_the_correlation_of_two_halves(noise):
    """600 subjects, 40 regions, 16 draws each, apart by noise: halves of 8 draws are correlated by hand."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(600, 40, 1)) + noise * rng.normal(size=(600, 40, 16))
    first, second = drawn[..., :8].mean(-1), drawn[..., 8:].mean(-1)
    by_hand = [np.corrcoef(a, b)[0, 1] for a, b in zip(first, second, strict=True)]
    error = drawn.std(-1, ddof=1) / 4
    use = Truth("use", regions=torch.from_numpy(drawn.mean(-1)), floor=torch.from_numpy(2 * error))
    assert halves_agree(use).mean().item() == pytest.approx(np.mean(by_hand), abs=0.02)


def test_regions_of_unknown_error_are_left_out_and_equal_values_tell_nothing():
    value = torch.tensor([[1.0, 2.0, 4.0, 9.0], [1.0, 1.0, 1.0, 1.0]])
    floor = torch.tensor([[0.2, 0.2, 0.2, np.inf], [0.2, 0.2, 0.2, 0.2]])
    found = halves_agree(Truth("use", regions=value, floor=floor))
    spread = np.var([1, 2, 4], ddof=1)
    assert found[0].item() == pytest.approx((spread - 0.01) / (spread + 0.01))
    assert found[1].isnan()
