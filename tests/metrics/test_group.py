"""Metrics over groups of subjects: plain loops, scipy and maps whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import ttest_ind

from bench.contracts import Context, Truth, Undefined
from metrics.group import ClassDifference, MeanMaps, RegisteredMeanMaps
from metrics.individual import IndividualGain
from metrics.overlap import RocAuc

SHAPE = (8, 1, 5, 5, 5)
STRATA = ["TP", "TN", "TP", "TN", "FN", "FP", "TP", ""]
MAPS = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
DOMAIN = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) < 0.8
REGIONS = torch.ones(SHAPE, dtype=torch.int16)
REGIONS[..., 2:, :] = 2
REGIONS[..., 3:] = 3
NAMES = ("a", "b", "c", "absent")
CONTEXT = Context(
    subjects=(5, 3, 8, 1, 9, 2, 4, 7), domain=DOMAIN, regions=REGIONS, region_names=NAMES,
    to_anatomy_of=lambda volume, donor, recipient: volume.roll(recipient - donor, -1),
)  # fmt: skip


def share(n):
    size = np.abs(MAPS[n].double().numpy()) * DOMAIN[n].numpy()
    return size / size.sum()


def profile(n):
    return [share(n)[REGIONS[n].numpy() == r].sum() for r in (1, 2, 3, 4)]


def test_mean_maps_agree_with_a_plain_loop():
    columns = MeanMaps().group(MAPS, None, STRATA, None, CONTEXT)
    right, healthy = (np.mean([share(n) for n in rows], axis=0) for rows in ([0, 2, 6], [1, 3]))
    apart = np.linalg.norm(right - healthy) / max(np.linalg.norm(right), np.linalg.norm(healthy))
    assert columns[""].item() == pytest.approx(apart, rel=1e-5)
    for side, rows in (("patients", [0, 2, 4, 6]), ("controls", [1, 3, 5])):
        expected = np.mean([profile(n) for n in rows], axis=0)
        found = [columns[f"{side}_{name}"].item() for name in NAMES]
        assert found == pytest.approx(expected, rel=1e-5)
        assert sum(found) == pytest.approx(1)


def test_equal_mean_maps_are_not_apart_and_a_group_without_maps_is_undefined(shipped):
    one = MAPS[:1].expand(SHAPE)
    whole = Context(subjects=CONTEXT.subjects, regions=REGIONS, region_names=NAMES)
    assert shipped("mean_maps").group(one, None, STRATA, None, whole)[""] < 1e-6
    columns = MeanMaps().group(MAPS, None, ["TP"] * 8, None, CONTEXT)
    assert columns[""].isnan() and columns["controls_a"].isnan() and columns["patients_a"].isfinite()


def test_one_map_that_moves_with_the_head_is_one_map_once_registered(shipped):
    """Every head lies elsewhere and so does its map: the plain means differ, the registered ones do not."""
    metric, names = shipped("registered_mean_maps"), CONTEXT.subjects
    maps = torch.stack([one.roll(n, -1) for one, n in zip(MAPS[:1].expand(SHAPE), names, strict=True)])
    context = Context(
        subjects=names,
        regions=REGIONS,
        region_names=NAMES,
        to_anatomy_of=lambda volume, donor, _: volume.roll(-donor, -1),
    )
    assert metric.group(maps, None, STRATA, None, context)[""] < 1e-6
    assert MeanMaps().group(maps, None, STRATA, None, context)[""] > 0.1


def test_registered_means_are_the_plain_ones_where_heads_are_one_and_undefined_where_nothing_is_known():
    alike = replace(CONTEXT, to_anatomy_of=lambda volume, donor, recipient: volume)
    found = RegisteredMeanMaps().group(MAPS, None, STRATA, None, alike)[""]
    torch.testing.assert_close(found, MeanMaps().group(MAPS, None, STRATA, None, alike)[""])
    with pytest.raises(Undefined, match="anatomies correspond"):
        RegisteredMeanMaps().group(MAPS, None, STRATA, None, replace(CONTEXT, to_anatomy_of=None))


def test_dead_maps_are_left_out():
    maps = MAPS.clone()
    maps[2] = 0
    columns = MeanMaps().group(maps, None, STRATA, None, CONTEXT)
    assert columns["patients_a"].item() == pytest.approx(np.mean([profile(n)[0] for n in (0, 4, 6)]), rel=1e-5)
    alike = replace(CONTEXT, to_anatomy_of=lambda volume, donor, recipient: volume)
    assert RegisteredMeanMaps().group(maps, None, STRATA, None, alike)[""].item() == pytest.approx(columns[""].item())


def test_class_difference_is_welch_s_t_a_region():
    columns = ClassDifference(level=0.2).group(MAPS, None, STRATA, None, CONTEXT)
    profiles = np.array([profile(n) for n in range(8)])
    found = ttest_ind(profiles[[0, 2, 4, 6], :3], profiles[[1, 3, 5], :3], equal_var=False)
    assert [columns[f"t_{name}"].item() for name in "abc"] == pytest.approx(found.statistic, rel=1e-4)
    assert columns["t_absent"].isnan()
    assert columns[""].item() == pytest.approx((found.pvalue * 3 < 0.2).mean())


def test_a_marked_region_differs_and_noise_does_not_more_often_than_its_level(shipped):
    metric, source = shipped("class_difference"), np.random.default_rng(2)
    strata = ["TP", "TN"] * 10
    regions = REGIONS[:1].expand(20, -1, -1, -1, -1)
    context = Context(subjects=tuple(range(20)), regions=regions, region_names=NAMES[:3])
    wrong = []
    for _ in range(100):
        noise = torch.from_numpy(source.random((20, *SHAPE[1:])))
        wrong.append(metric.group(noise, None, strata, None, context)[""].item() > 0)
    assert np.mean(wrong) < 0.12
    marked = noise + 5 * (regions == 2) * torch.tensor([s == "TP" for s in strata]).reshape(-1, 1, 1, 1, 1)
    columns = metric.group(marked, None, strata, None, context)
    assert columns["t_b"] > 10 and columns["t_a"] < -10 and columns[""] == 1  # shares of one whole: the others fall


def test_class_difference_needs_two_of_each():
    with pytest.raises(Undefined, match="two patients and two controls"):
        ClassDifference().group(MAPS, None, ["TP"] * 7 + ["TN"], None, CONTEXT)


@pytest.fixture
def truth():
    """One voxel in ten, others in every subject."""
    volume = (torch.rand(SHAPE, generator=torch.Generator().manual_seed(3)) < 0.1).float()
    return Truth("planted", volume=volume)


def test_individual_gain_agrees_with_a_plain_loop(truth):
    columns = IndividualGain(metric=RocAuc(), donors=2).group(MAPS, truth, STRATA, None, CONTEXT)
    # by subject number: patients 4 5 8 9 in rows 6 0 2 4, controls 1 2 3 in rows 3 5 1
    follows = {6: (0, 2), 0: (2, 4), 2: (4, 6), 4: (6, 0), 3: (5, 1), 5: (1, 3), 1: (3, 5)}
    for row, donors in follows.items():
        own, *others = (
            RocAuc().map(moved.abs(), truth.take(torch.tensor([row])), CONTEXT.take([row])).item()
            for moved in (MAPS[[d]].roll(CONTEXT.subjects[row] - CONTEXT.subjects[d], -1) for d in (row, *donors))
        )
        assert columns["own"][row].item() == pytest.approx(own)
        assert columns[""][row].item() == pytest.approx(own - np.mean(others), abs=1e-6)
    assert columns[""][7].isnan()


def test_one_map_for_all_is_of_nobody_and_the_own_truth_is_of_oneself(shipped, truth):
    metric, alike = shipped("individual_gain"), replace(CONTEXT, to_anatomy_of=lambda volume, donor, recipient: volume)
    same = metric.group(MAPS[:1].expand(SHAPE), truth, STRATA, None, alike)[""]
    assert same[:7].abs().max() < 1e-6
    own = metric.group(truth.volume, truth, STRATA, None, alike)[""]
    assert (own[:7] > 0.3).all()


def test_maps_are_laid_on_others_only_by_a_simulator_that_knows_how(truth):
    with pytest.raises(Undefined, match="anatomies correspond"):
        IndividualGain(metric=RocAuc()).group(MAPS, truth, STRATA, None, replace(CONTEXT, to_anatomy_of=None))


def test_a_subject_alone_in_its_class_has_no_gain(truth):
    alone = IndividualGain(metric=RocAuc()).group(MAPS, truth, ["TP"] + ["TN"] * 7, None, CONTEXT)[""]
    assert alone.isnan().tolist() == [True] + [False] * 7
