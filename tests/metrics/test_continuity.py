"""Continuity against a plain loop over pairs."""

import numpy as np
import pytest
import torch

from bench.contracts import Cohort, Context, Undefined
from metrics.continuity import Continuity

SHAPE = (5, 1, 3, 4, 5)


def cohort(images):
    return Cohort(images=images, targets=torch.zeros(len(images)), subjects=torch.arange(len(images)))


def scores(explain, images, domain=None, metric=Continuity()):  # noqa: B008
    return metric.explainer(lambda _m, x, _c: explain(x), torch.nn.Identity(), cohort(images), Context(domain=domain))


@pytest.fixture
def images():
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))


def test_a_plain_loop_agrees(images):
    domain = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) < 0.7
    maps = (3 * images).sin()
    found = scores(lambda x: (3 * x).sin(), images, domain)
    norms = [np.abs(m[d].numpy()).sum() for m, d in zip(maps, domain, strict=True)]
    for a in range(5):
        quotients = []
        for b in set(range(5)) - {a}:
            both = domain[a] | domain[b]
            change = np.abs((maps[a] - maps[b])[both].numpy()).sum()
            quotients.append(change / np.linalg.norm((images[a] - images[b])[both].numpy()) / np.mean(norms))
        expected = {"": max(quotients), "p95": np.quantile(quotients, 0.95), "median": np.median(quotients)}
        assert {name: value[a].item() for name, value in found.items()} == pytest.approx(expected, rel=1e-5)


def test_constant_maps_score_zero_and_scale_is_free(shipped, images):
    assert scores(torch.ones_like, images, metric=shipped("continuity"))[""].tolist() == [0] * 5
    torch.testing.assert_close(scores(torch.sin, images), scores(lambda x: -7 * x.sin(), images))


def test_undefined_cases(images):
    assert all(column.isnan().all() for column in scores(torch.zeros_like, images).values())
    with pytest.raises(Undefined, match="two subjects or more"):
        scores(torch.sin, images[:1])
    assert scores(torch.sin, images[[0, 0, 1]])[""].isnan().tolist() == [True, True, False]
