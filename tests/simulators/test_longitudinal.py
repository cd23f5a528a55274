"""Persons who come again: one anatomy, a disease and an age that grow at their own pace, visits that are missed."""

from itertools import combinations, pairwise

import numpy as np
import pytest
import torch
from composed import node

from bench.config.build import build
from bench.contracts import BadInput, courses
from simulators.brain import Brain
from simulators.draw.bank import Bank
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.progressive import Progressive
from simulators.space.place import Place
from simulators.task.confounded import Confounded
from simulators.task.longitudinal import FOLLOWED, MIDDLE, Longitudinal

REGIONS = ("left hippocampus", "right hippocampus")
AGEING = {"shape.ventricles": 0.28, "local.volume": -0.045}
TASK = Longitudinal(AGEING, visits=3, schedule=(0.0, 6.0, 12.0, 24.0))
BRAIN = Brain(Atrophy(REGIONS), task=TASK, amplitude=0.5)


def persons(subjects, stream="evaluation", brain=BRAIN):
    return courses({i: brain.visit(i, stream) for i in range(subjects)})


def test_a_run_of_subjects_holds_all_visits_of_one_patient_and_one_control():
    for start in range(0, 60, 6):
        run = courses({i: TASK.visit(i, "evaluation") for i in range(start, start + 6)})
        assert sorted(map(len, run.values())) == [3, 3]
        assert [{TASK.label(i) for i in subjects} for subjects in run.values()] == [{0}, {1}]
    assert len(persons(60)) == 20


def test_persons_begin_at_the_first_time_and_miss_others_at_random():
    made = {tuple(TASK.visit(i, "train").months for i in subjects) for subjects in persons(600, "train").values()}
    assert made == {(0.0, *times) for times in combinations((6.0, 12.0, 24.0), 2)}


@pytest.mark.parametrize("stream", FOLLOWED)
def test_age_disease_and_brain_age_grow_and_the_diagnosis_stays(stream):
    for subjects in persons(120, stream).values():
        for a, b in pairwise(subjects):
            before, after = (TASK.visit(i, stream) for i in (a, b))
            assert after.age - before.age == pytest.approx((after.months - before.months) / 12)
            assert before.diagnosis == after.diagnosis == TASK.label(a)
            ill = [TASK.strength(i, {"pathology": "on"}, stream) for i in (a, b)]
            assert 0 < ill[0] < ill[1] <= 1
            assert [TASK.strength(i, {}, stream) for i in (a, b)] == ([0, 0] if before.diagnosis == 0 else ill)
            assert _brain_age(a, stream) < _brain_age(b, stream)


def _brain_age(subject, stream):
    return TASK.covariate_values(subject, stream, None, False)["brain_age"]


def test_persons_have_rates_of_their_own():
    people = [TASK.course(person, "train") for person in range(50)]
    for values in zip(*((c.age, c.ageing, c.start, c.pace) for c in people), strict=True):
        assert len(set(values)) == 50
    assert TASK.course(1, "train") != TASK.course(1, "evaluation")
    assert all(abs(_brain_age(i, "train") * 10 + MIDDLE - people[i].age) < 1e-9 for i in (0, 1))


def test_visits_share_what_is_a_persons_and_not_the_scan():
    first, second, other = (BRAIN.scene(i, "evaluation") for i in (1, 3, 7))
    for name in ("lattice", "shift", "rotation", "scale"):
        assert np.array_equal(first.shape[name], second.shape[name])
        assert not np.array_equal(first.shape[name], other.shape[name])
    assert np.array_equal(first.local.folding, second.local.folding)
    assert first.pathology[0]["severity"] == second.pathology[0]["severity"] != other.pathology[0]["severity"]
    assert np.array_equal(first.intensities, second.intensities)
    assert not np.array_equal(first.local.noise, second.local.noise) and first.scan.gain != second.scan.gain


def test_ageing_widens_ventricles_and_takes_grey_matter_of_everyone():
    """From a person's first visit to the last, as far as its brain has aged: patients, controls and twins alike."""
    for subjects in persons(12).values():
        scenes = [BRAIN.scene(i, "evaluation") for i in subjects]
        grown = scenes[-1].covariates["brain_age"] - scenes[0].covariates["brain_age"]
        assert grown > 0
        wider = scenes[-1].shape["ventricles"] - scenes[0].shape["ventricles"]
        np.testing.assert_allclose(wider, 0.28 * grown, rtol=1e-4)
        smaller = (scenes[-1].local.volume - scenes[0].local.volume)[1:]
        np.testing.assert_allclose(smaller, -0.045 * grown, rtol=1e-3)


def test_truths_of_a_persons_visits_are_the_course_of_its_disease():
    """Without ageing or noise the planted share of every voxel grows as strength does, and nothing else changes."""
    still = Longitudinal({"nuisance.gain": 0.0}, visits=3, schedule=(0.0, 6.0, 12.0, 24.0))
    brain = Brain(Atrophy(REGIONS), task=still, amplitude=0.5)
    cohort = brain.cohort(range(6))
    planted = cohort.truths["planted"].volume.abs()
    for subjects in persons(6, brain=brain).values():
        strengths = torch.tensor([still.strength(i, {"pathology": "on"}, "evaluation") for i in subjects])
        shares = planted[subjects] / strengths.view(-1, 1, 1, 1, 1)
        torch.testing.assert_close(shares, shares[:1].expand_as(shares), rtol=1e-4, atol=1e-6)
        assert torch.equal(cohort.regions[subjects[0]], cohort.regions[subjects[-1]])
        assert planted[subjects].flatten(1).sum(1).diff().min() > 0


@pytest.mark.parametrize("stream", ["test", "calibration", "verification", "population"])
def test_elsewhere_everybody_is_a_person_seen_once_at_any_visit(stream):
    assert len(persons(120, stream)) == 120
    assert {BRAIN.visit(i, stream).number for i in range(12)} == {0, 1, 2}
    first, second = (BRAIN.scene(i, stream).shape["lattice"] for i in (1, 3))
    assert not np.array_equal(first, second)


def test_a_bank_holds_the_visit_and_belongs_to_the_task(tmp_path):
    brain = Brain(Atrophy(REGIONS), task=TASK, amplitude=0.5)
    brain.fill_bank({"train": 6}, tmp_path)
    assert Bank(tmp_path).get("train", 5) is not None
    assert torch.equal(
        brain.with_bank(tmp_path).sample(range(6), "train").images, brain.sample(range(6), "train").images
    )
    tree = node("simulator/mtl_atrophy_longitudinal")
    assert "task" in Brain.banked(tree) and "task" not in Brain.banked(node("simulator/mtl_atrophy"))


@pytest.mark.parametrize("strength", [0.2, 0.6, 1.0])
def test_progressive_atrophy_reaches_a_region_once_severity_has_come_to_its_onset(strength):
    law = Progressive(("left hippocampus", "left fusiform gyrus"), edge_mm=0.0, onsets={"fusiform gyrus": 0.5})
    brain = Brain(law, amplitude=1.0)
    scene = brain.scene(1, "evaluation")
    place = Place(scene.warped, brain.region_names, brain.anatomy.resolution_mm)
    grown = law.grown({"severity": 0.9, "side": "both"}, strength)
    lost = grown["severity"] * law.extent(place, grown)
    np.testing.assert_allclose(lost[place.within(("left hippocampus",))], 0.9 * strength, rtol=1e-5)
    np.testing.assert_allclose(lost[place.within(("left fusiform gyrus",))], max(0, 0.9 * strength - 0.5), atol=1e-6)


def test_no_two_regions_of_the_shipped_simulator_need_grow_alike():
    brain = build(node("simulator/mtl_atrophy_longitudinal")).with_amplitude(0.3)
    cohort = brain.cohort(range(1, 8, 2))
    shares = []
    for name in ("hippocampus", "fusiform gyrus"):
        inside = cohort.regions == brain.region_names.index(f"left {name}") + 1
        shares.append((cohort.truths["planted"].volume.abs() * inside).flatten(1).sum(1) / inside.flatten(1).sum(1))
    grown = [share[-1] - share[0] for share in shares]
    assert grown[0] > 0 and shares[0].min() > shares[1].max()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"visits": 1},
            r"Longitudinal.visits=1 is not possible: give a whole number of at least 2 .*\(one visit shows no course",
        ),
        ({"visits": 7}, "visits=7 is not possible: give at most 6, which are planned"),
        ({"schedule": (0.0, 24.0, 12.0, 36.0)}, "schedule=.*rise from 0, so that nobody grows younger"),
        ({"schedule": (6.0, 12.0, 24.0, 36.0)}, "schedule=.*rise from 0"),
        ({"schedule": ()}, "schedule="),
        ({"ages": (80.0, 60.0)}, "ages=.*the lower limit first"),
        (
            {"ages": (1.0, 60.0)},
            r"ages=\[1\.0, 60\.0\] is not possible: give 40 to 85 years, last visits 4 years later incl",
        ),
        ({"ages": (60.0, 82.0)}, "ages=.* which norms of ageing cover"),
        ({"pace": (0.1, 0.3)}, r"pace=.*would end at 1.60"),
        ({"start": (0.5, 1.5)}, "start="),
        ({"ageing": {}}, "Covariate.effects"),
        ({"ageing": {"shape.ears": 0.1}}, "shape.ears"),
    ],
)
def test_courses_that_cannot_be_are_refused_in_one_sentence(wrong, says):
    with pytest.raises(BadInput, match=says):
        Longitudinal(**{"ageing": AGEING, **wrong})


def test_lesions_come_one_after_the_other_and_stay_where_they_came():
    brain = build(node("simulator/lesions_longitudinal")).with_amplitude(0.3)
    for patient in range(1, 16, 8):
        visits = range(patient, patient + 8, 2)
        centres = [brain.scene(i, "evaluation").pathology[0]["centres"] for i in visits]
        assert all(np.array_equal(centres[0], later) for later in centres)
        planted = brain.cohort(visits).truths["planted"].volume.abs()
        assert planted.flatten(1).sum(1).diff().min() > 0
        assert ((planted[1:] - planted[:-1]) > -1e-5).all()


def test_ageing_that_would_carry_lesions_elsewhere_is_refused():
    law = build(node("simulator/lesions_longitudinal")).pathology
    with pytest.raises(BadInput, match=r"shape\.ventricles moves anatomy between visits, and LesionLoad would lie"):
        Brain(law, task=TASK)
    Brain(law, task=Longitudinal({"shape.ventricles": 0.0, "local.volume": -0.045}))


def test_a_task_around_it_would_lose_its_visits_and_is_refused():
    with pytest.raises(BadInput, match="covariates"):
        Brain(Atrophy(REGIONS), task=Confounded(TASK, (TASK.brain_age,)))
