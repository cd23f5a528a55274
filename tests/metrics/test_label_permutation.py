"""Similarity to permuted models' maps against scipy, and on models whose answer is known."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from bench.contracts import Context, Undefined
from metrics.label_permutation import LabelPermutation

SHAPE = (3, 4, 1, 5, 6, 5)
EVERYWHERE = torch.ones(SHAPE[1:], dtype=torch.bool)
CONTEXT = Context(subjects=(0, 1, 2, 3), domain=EVERYWHERE)


@dataclass
class Models:
    maps: torch.Tensor
    permuted: torch.Tensor
    memorised: tuple = (1.0, 0.9, 0.8)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def rho(a, b, signed=False):
    a, b = (v.flatten() if signed else v.flatten().abs() for v in (a, b))
    return spearmanr(a, b).statistic


@pytest.mark.parametrize("signed", [False, True])
def test_the_margin_is_the_similarity_less_the_floor(signed):
    maps = noise(*SHAPE)
    permuted = maps + noise(*SHAPE, seed=1)
    name = "spearman_signed" if signed else "spearman"
    found = LabelPermutation(similarity=name).compare(Models(maps, permuted), CONTEXT)
    for m, n in product(range(3), range(4)):
        alike = rho(maps[m, n], permuted[m, n], signed)
        floor = np.mean([rho(maps[m, n], maps[m, k], signed) for k in range(4) if k != n])
        assert found["floor"][m, n].item() == pytest.approx(floor, abs=1e-6)
        assert found[""][m, n].item() == pytest.approx(alike - floor, abs=1e-6)


def test_maps_of_the_image_alone_have_the_largest_margin():
    image = noise(*SHAPE[1:]).expand(SHAPE)
    found = LabelPermutation().compare(Models(image, image), CONTEXT)
    torch.testing.assert_close(found[""], 1 - found["floor"])


def test_noise_that_is_new_for_every_model_passes(shipped):
    wide = (3, 4, 1, 12, 12, 12)
    context = Context(subjects=(0, 1, 2, 3), domain=torch.ones(wide[1:], dtype=torch.bool))
    found = shipped("label_permutation").compare(Models(noise(*wide), noise(*wide, seed=1)), context)
    assert found[""].abs().max() < 0.06


def test_what_the_models_know_by_heart_is_said():
    maps = noise(*SHAPE)
    known = LabelPermutation().compare(Models(maps, maps), CONTEXT)["memorised"]
    torch.testing.assert_close(known, torch.tensor([1.0, 0.9, 0.8])[:, None].expand(3, 4))


def test_a_dead_map_is_left_out_of_its_own_row_only():
    maps = noise(*SHAPE)
    dead = maps.clone()
    dead[:, 1] = 0
    found = LabelPermutation().compare(Models(maps, dead), CONTEXT)[""]
    assert found[:, 1].isnan().all() and found[:, [0, 2, 3]].isfinite().all()


def test_one_subject_has_no_floor_and_a_wrong_similarity_is_refused():
    with pytest.raises(Undefined, match="two subjects"):
        one = noise(3, 1, 1, 5, 6, 5)
        LabelPermutation().compare(Models(one, one), Context(subjects=(0,), domain=EVERYWHERE[:1]))
