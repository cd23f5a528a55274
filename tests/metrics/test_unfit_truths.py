"""Truths and domains that do not fit: one sentence each, and never a number."""

from dataclasses import replace

import pytest
import torch

from bench.checks.metric_probe import probe
from bench.contracts import BadInput, Truth, Undefined
from metrics.complexity import Gini
from metrics.distractor_mass import DistractorMass
from metrics.gain import RegionNDCG
from metrics.graded import VoxelPearson, VoxelSpearman
from metrics.lesions import LesionsFound, RimToCore
from metrics.movers import EarthMovers
from metrics.overlap import RelevanceMass, RocAuc
from metrics.pointing import Pointing
from metrics.regions import RegionAP, RegionSpearman

VOXELS = (
    RocAuc(), RelevanceMass(), DistractorMass(), VoxelPearson(), VoxelSpearman(), LesionsFound(), RimToCore(),
    EarthMovers(), Pointing(),
)  # fmt: skip
IN_DOMAIN = tuple(metric for metric in VOXELS if not isinstance(metric, DistractorMass))
REGIONS = RegionAP(), RegionSpearman(), RegionNDCG()
WORLD = probe()
DOMAIN = WORLD.cohort.domain
PLANTED = WORLD.cohort.truths["planted"]


def named(metrics):
    return pytest.mark.parametrize("metric", metrics, ids=lambda metric: type(metric).__name__)


def partly_outside(inside):
    """The first subject has voxels of size 1 beyond the domain, `inside` of size 1 within it; the others as planted."""
    volume = PLANTED.volume.clone()
    volume[0] = 0
    volume[0, 0, 0, 0, :4] = 1
    volume[0, 0, 3, 3, 1 : 1 + inside] = 1
    return Truth("planted", volume=volume)


@named(VOXELS)
@pytest.mark.parametrize("cut", [lambda v: v[..., :-1], lambda v: v[:-1], lambda v: v[:, 0]])
def test_a_truth_of_another_shape_or_number_of_subjects_is_refused(metric, cut):
    with pytest.raises(BadInput, match=r"the truth 'planted' has shape .* one volume per subject"):
        metric.map(WORLD.maps, Truth("planted", volume=cut(PLANTED.volume)), WORLD.context)


@named([*VOXELS, Gini()])
def test_a_domain_of_another_shape_is_refused(metric):
    with pytest.raises(BadInput, match="the domain has shape"):
        metric.map(WORLD.maps, PLANTED, replace(WORLD.context, domain=DOMAIN[:-1]))


@named(REGIONS)
@pytest.mark.parametrize("cut", [lambda v: v[:-1], lambda v: v[:, :-1]])
def test_a_truth_of_other_subjects_or_regions_is_refused(metric, cut):
    use = WORLD.cohort.truths["use"]
    with pytest.raises(BadInput, match="one value per subject and region"):
        metric.map(WORLD.maps, Truth("use", regions=cut(use.regions)), WORLD.context)
    with pytest.raises(BadInput, match="labels of regions"):
        metric.map(WORLD.maps, use, replace(WORLD.context, regions=WORLD.cohort.regions[..., 1:]))


@named(IN_DOMAIN)
def test_a_truth_outside_the_domain_of_everyone_is_told(metric):
    with pytest.raises(Undefined, match="outside the domain"):
        metric.map(WORLD.maps, Truth("planted", volume=(~DOMAIN).float()), WORLD.context)


@named(IN_DOMAIN)
def test_a_subject_with_most_of_the_truth_outside_has_no_score_and_the_others_keep_theirs(metric):
    values = metric.map(WORLD.maps, partly_outside(inside=3), WORLD.context)
    assert values[0].isnan()
    assert torch.equal(values[1:], metric.map(WORLD.maps, PLANTED, WORLD.context)[1:])


def test_what_lies_outside_is_not_asked_where_it_is_not_the_most():
    inside = Truth("planted", volume=partly_outside(inside=4).volume * DOMAIN)
    expected = RocAuc().map(WORLD.maps, inside, WORLD.context)
    assert torch.equal(RocAuc().map(WORLD.maps, partly_outside(inside=4), WORLD.context), expected)
    assert expected.isfinite().all()


@named(IN_DOMAIN)
def test_an_empty_domain_is_told_where_it_is_everybodys_and_nan_where_it_is_one_subjects(metric):
    with pytest.raises(Undefined, match="no voxel of any subject"):
        metric.map(WORLD.maps, PLANTED, replace(WORLD.context, domain=torch.zeros_like(DOMAIN)))
    others = DOMAIN.clone()
    others[0] = False
    values = metric.map(WORLD.maps, PLANTED, replace(WORLD.context, domain=others))
    assert values[0].isnan()
    assert torch.equal(values[1:], metric.map(WORLD.maps, PLANTED, WORLD.context)[1:])
