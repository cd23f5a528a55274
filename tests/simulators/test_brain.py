"""A simulator's promises: purity of a subject, honest twins, re-rendered interventions."""

import numpy as np
import pytest
import torch
from renders import loss, render

from bench.contracts import BadInput
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.draw import subject as drawing
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal


def test_subject_is_the_same_bytes_in_any_subset_or_order(brain):
    together = brain.sample([0, 1, 2, 3], "train").images
    apart = torch.cat([brain.sample([i], "train").images for i in (3, 1)])
    assert torch.equal(together[[3, 1]], apart)


def test_cohort_explains_what_sample_draws(brain):
    cohort = brain.cohort([4, 5])
    assert torch.equal(cohort.images, brain.sample([4, 5], "evaluation").images)
    assert torch.equal(cohort.twins, brain.sample([4, 5], "evaluation", {"pathology": "swap"}).images)
    assert cohort.targets.tolist() == [0, 1]


def test_twins_differ_only_where_pathology_was_planted(brain):
    cohort = brain.cohort([0, 1])
    counterfactual, planted = (cohort.truths[name].volume for name in ("counterfactual", "planted"))
    untouched = planted == 0
    assert untouched.float().mean() > 0.5
    assert counterfactual[untouched].abs().max() == 0
    assert counterfactual[~cohort.domain].abs().max() == 0
    sign = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1, 1)
    assert torch.equal(counterfactual, sign * (cohort.images - cohort.twins))


def test_pathology_darkens_where_tissue_is_lost(brain):
    truths = brain.cohort([1]).truths
    counterfactual, planted = truths["counterfactual"].volume, truths["planted"].volume
    # what the image rounds away has no sign, or that of its last bit
    assert (counterfactual[planted > 0].abs() < 1e-7).all()
    assert planted.min() < -0.1
    assert (counterfactual * planted).sum() > 0


@pytest.mark.parametrize(("lesion", "sign"), [(1.0, 1), (0.1, -1)])
def test_truths_are_positive_where_disease_is_brighter_in_patients_and_controls(lesion, sign):
    brain = Brain(Focal(), contrast=Contrast(lesion=lesion), amplitude=0.3)
    truths = brain.cohort([0, 1]).truths
    for name in ("planted", "counterfactual"):
        assert (sign * truths[name].volume).flatten(1).sum(1).min() > 0
        assert (sign * truths[name].volume).min() > -0.01 * truths[name].volume.abs().max()


def test_another_pathology_keeps_the_healthy_brain():
    healthy = [
        Brain(p, amplitude=0.3).sample([7], "train", {"pathology": "off"}).images
        for p in (Focal(), Atrophy(("left thalamus",)))
    ]
    assert torch.equal(*healthy)


def test_data_seed_changes_training_but_not_evaluation(atrophy):
    other = atrophy.with_data_seed(1)
    assert not torch.equal(atrophy.sample([0], "train").images, other.sample([0], "train").images)
    assert torch.equal(atrophy.sample([0], "evaluation").images, other.sample([0], "evaluation").images)


def test_strength_grades_the_counterfactual(brain):
    off, half, full = (brain.sample([1], "test", {"strength": s}).images for s in (0.0, 0.5, 1.0))
    assert torch.equal(off, brain.sample([1], "test", {"pathology": "off"}).images)
    assert 0 < (half - off).abs().sum() < (full - off).abs().sum()


def test_redraw_equals_rendering_with_the_latents_of_one_region_redrawn(brain):
    """The slow twin: mix the *latents* by region, then render once."""
    stream, subject = "evaluation", 3
    scene = brain.scene(subject, stream)
    region = brain.region_names.index("right thalamus") + 1
    redrawn = brain.redraws(subject, stream, draws=2).view(len(brain.region_names), 2, *brain.shape)
    rng = drawing.streams(brain.parts, f"{stream}/redraw-1", subject)
    donor = drawing.local(brain.parts, rng, {})
    inside = scene.warped.labels == region
    mixed = scene.local._replace(
        volume=np.where(np.arange(len(donor.volume)) == region, donor.volume, scene.local.volume),
        signal=np.where(np.arange(len(donor.signal)) == region, donor.signal, scene.local.signal),
        folding=np.where(inside, donor.folding, scene.local.folding),
        noise=np.where(inside, donor.noise, scene.local.noise),
    )
    # the pathology of the donor counts inside the region only; compare where neither state touches it
    expected = render(brain, scene._replace(local=mixed), 1.0)
    image = redrawn[region - 1, 1].numpy()
    outside = ~inside
    np.testing.assert_array_equal(image[outside], render(brain, scene, 1.0)[outside])
    untouched = inside & (loss(brain, scene, 1.0) == 0)
    pathology = drawing.pathology(brain.parts, rng, scene.place)[0]
    untouched &= loss(brain, scene._replace(pathology=(pathology,)), 1.0) == 0
    np.testing.assert_allclose(image[untouched], expected[untouched], atol=1e-6)
    assert np.abs(image[inside] - render(brain, scene, 1.0)[inside]).max() > 0


def test_no_global_statistic_tells_healthy_groups_apart(atrophy):
    """With the pathology off, patients-to-be and controls are one population."""
    images = atrophy.sample(range(80), "test", {"pathology": "off"}).images.flatten(1)
    means = images.mean(1)
    sick, well = means[1::2], means[::2]
    assert abs(sick.mean() - well.mean()) < 3 * (means.std() * (2 / 40) ** 0.5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Brain(Atrophy(("left hipocampus",))), "left hippocampus"),
        (lambda: Brain(Atrophy(())), "Atrophy.regions"),
        (
            lambda: Brain(Focal()).scene(-1, "train"),
            r"scene\.subject=-1 is not possible: give a whole number of at least 0",
        ),
        (lambda: Brain(Focal()).scene(1.5, "train"), r"scene\.subject=1\.5 is not possible: give a whole number"),
        (lambda: Brain(Focal(), amplitude=0.1).sample([-1], "train"), r"scene\.subject=-1 is not possible"),
        (lambda: Brain(Focal()).sample([1], "train"), "amplitude"),
        (lambda: Brain(Focal(), amplitude=0.1).sample([1], "train", {"patology": "off"}), "intervention"),
        (lambda: Brain(Focal(), amplitude=0.1).sample([1], "train", {"pathology": "of"}), "intervention"),
    ],
)
def test_bad_input_is_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)
