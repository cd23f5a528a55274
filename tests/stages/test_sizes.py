"""Sizes of truths: voxels and ml of the smallest set that holds 90 %, over the subjects who have the truth."""

import numpy as np
import pytest
import torch

from bench.contracts import Cohort, Truth
from bench.tables.simulators import size_of


def cohort(volume):
    subjects = len(volume)
    zeros = torch.zeros_like(volume)
    domain = torch.ones_like(volume, dtype=torch.bool)
    domain[..., -1] = False
    return Cohort(
        images=zeros, targets=torch.arange(subjects) % 2, subjects=torch.arange(subjects), twins=zeros,
        regions=zeros.to(torch.int16), domain=domain, truths={"counterfactual": Truth("counterfactual", volume=volume)},
        region_names=(), affine=np.diag([4.0, 4.0, 4.0, 1.0]),
    )  # fmt: skip


def test_sizes_are_counted_in_the_domain_over_subjects_who_have_the_truth():
    volume = torch.zeros(4, 1, 10, 10, 10)
    for subject, count in enumerate((0, 20, 40, 60)):
        volume[subject].view(-1)[: 10 * count : 10] = -1.0
    volume[1, ..., -1] = 5.0
    subjects, voxels, low, high, ml, ml_low, ml_high, share = size_of(cohort(volume), "counterfactual")
    assert (subjects, voxels) == (3, 40)
    assert (low, high) == (22, 58)
    assert (ml, ml_low, ml_high) == pytest.approx((40 * 0.064, 22 * 0.064, 58 * 0.064))
    assert share == pytest.approx(40 / 900)


def test_a_weak_rim_is_not_counted_and_no_truth_has_no_size():
    volume = torch.zeros(1, 1, 10, 10, 10)
    volume.view(-1)[:100:10], volume.view(-1)[500:600:10] = 1.0, 0.05
    assert size_of(cohort(volume), "counterfactual")[:2] == [1, 10]
    assert size_of(cohort(0 * volume), "counterfactual")[0] == 0
