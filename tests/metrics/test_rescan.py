"""Scan-rescan agreement against a published example, a plain twin and scans whose agreement is known."""

import numpy as np
import pytest
import torch
from torch import nn

from bench.contracts import Cohort, Context, Undefined
from metrics._shared.agreement import icc
from metrics.rescan import ScanRescan

#: six targets judged by four judges: Shrout & Fleiss 1979, table 2, whose ICC(1,1) is given as .17
PUBLISHED = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
SHAPE = (5, 1, 4, 4, 4)
IMAGES = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 6).reshape(5, 1, 1, 1, 1)
REGIONS = torch.ones(SHAPE, dtype=torch.int16)
REGIONS[..., 2:] = 2
COHORT = Cohort(
    images=IMAGES, targets=torch.zeros(5), subjects=torch.arange(5), twins=IMAGES, regions=REGIONS, domain=REGIONS > 0,
    region_names=("left", "right", "absent"),
)  # fmt: skip


def scanned(shift, subjects=tuple(range(5))):
    """A context with a scanner that adds a constant to the right half at every rescan."""

    def rescans(subject, draws):
        return torch.stack([IMAGES[subject] + shift * (k + 1) * (REGIONS[subject] == 2) for k in range(draws)])

    return Context(subjects=subjects, rescans=rescans)


def run(shift, explain=lambda model, x, context: x, **settings):
    return ScanRescan(**settings).explainer(explain, nn.Identity(), COHORT, scanned(shift))


def plain(scores):
    """One-way analysis of variance, term by term."""
    n, k = scores.shape
    grand = scores.sum() / (n * k)
    between = within = 0.0
    for row in scores:
        mean = sum(row) / k
        between += k * (mean - grand) ** 2
        within += sum((value - mean) ** 2 for value in row)
    between, within = between / (n - 1), within / (n * (k - 1))
    return (between - within) / (between + (k - 1) * within)


def test_the_published_example():
    assert icc(PUBLISHED) == pytest.approx(0.17, abs=0.005)


def test_a_plain_analysis_of_variance_agrees_region_by_region():
    scores = np.random.default_rng(0).normal(size=(7, 3, 4)) + np.arange(7)[:, None, None] * np.arange(4)
    assert icc(scores) == pytest.approx([plain(scores[..., r]) for r in range(4)])


def test_agreement_has_its_limits():
    column = np.arange(4.0)
    assert icc(np.stack([column, column], axis=1)) == pytest.approx(1)
    assert icc(np.stack([column, -column + 3], axis=1)) == pytest.approx(-1)
    assert np.isnan(icc(np.ones((4, 2)))) and np.isnan(icc(np.ones((1, 2)))) and np.isnan(icc(np.ones((4, 1))))
    assert np.isnan(icc(np.array([[1.0, np.nan], [2.0, 3.0]])))


def test_equal_scans_agree_and_an_absent_region_has_no_value():
    columns = run(0.0)
    assert columns[""].item() == pytest.approx(1) and columns["icc_absent"].isnan()
    torch.testing.assert_close(columns["profile"], torch.ones(5))
    assert columns[""].shape == columns["icc_left"].shape == ()


def test_a_scanner_that_changes_one_region_lowers_the_agreement_of_that_region_only():
    columns = run(0.5, rescans=3)
    assert columns["icc_left"].item() == pytest.approx(1)
    right = torch.stack([IMAGES[..., 2:].flatten(1).sum(1) + 0.5 * k * 32 for k in range(4)], dim=1)
    assert columns["icc_right"].item() == pytest.approx(plain(right.double().numpy()), abs=1e-5)
    assert columns[""].item() == pytest.approx((1 + columns["icc_right"].item()) / 2)


def test_a_constant_explanation_has_no_agreement_to_judge(shipped):
    found = shipped("scan_rescan").explainer(lambda m, x, c: torch.ones_like(x), nn.Identity(), COHORT, scanned(0.5))
    assert found[""].isnan()


def test_what_cannot_be_done_is_said():
    with pytest.raises(Undefined, match="scan its subjects again"):
        ScanRescan().explainer(lambda *_: IMAGES, nn.Identity(), COHORT, Context(subjects=(0, 1, 2, 3, 4)))
    with pytest.raises(Undefined, match="two subjects"):
        one = COHORT.take(torch.tensor([0]))
        ScanRescan().explainer(lambda *_: IMAGES, nn.Identity(), one, scanned(0.0, subjects=(0,)))
