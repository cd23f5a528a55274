"""Checks that a simulator keeps its contract: pure subjects, honest twins, truths where it acted and nowhere else."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from bench.contracts import (
    ELSEWHERE,
    BadInput,
    Cohort,
    Simulator,
    Unsupported,
    Validity,
    Visit,
    courses,
    require_courses,
)

Check = Callable[[Simulator], None]

#: two patients and two controls
SUBJECTS = (0, 1, 2, 3)
#: streams that models learn and are judged on, that truths are estimated on, and that the dial is set by
STREAMS = (
    *("train", "validation", "test", "decorrelated", "reversed"),
    *("evaluation", "population", "calibration", "verification"),
)
#: subjects a stream that are compared across streams, and the correlation of images from which they are one subject
COMPARED, ONE = 12, 0.99
#: share of a change on which `planted` may have another sign
AGAINST = 0.01
#: subjects among which persons are looked for who come again
LOOKED = 60
#: what a simulator plants, shows and edits: it has each of these truths or says why not
TRUTHS = ("planted", "counterfactual", "edit")


def applicable(simulator: Simulator) -> list[Check]:
    """The checks a simulator has to pass; it must be calibrated.

    Where the scan mixes voxels, no change stays where it is made, and what asks for that is left out.
    """
    checks = [
        check_images,
        check_purity,
        check_streams,
        check_data_seed,
        check_twins,
        check_support,
        check_signs,
        check_validity,
        check_regions,
        check_redraws,
        check_switches,
        check_no_leak,
        check_visits,
    ]
    stays = (check_support, check_signs, check_redraws)
    return [check for check in checks if not simulator.mixes or check not in stays]


def check_images(simulator: Simulator) -> None:
    """Images are finite float32 volumes (N, 1, D, H, W) of both classes, zero outside the head."""
    batch = simulator.sample(SUBJECTS, "train")
    assert batch.images.shape == (4, 1, *simulator.shape), f"images have shape {tuple(batch.images.shape)}"
    assert batch.images.dtype == torch.float32, f"images are {batch.images.dtype}, not float32"
    assert batch.images.isfinite().all(), "images hold values that are not finite"
    assert len(batch.targets.unique()) > 1, "four consecutive subjects are all of one class"
    assert batch.images[:, :, 0, 0, 0].abs().max() == 0, "the corner of the volume is not empty: is the head stripped?"


def check_purity(simulator: Simulator) -> None:
    """A subject is the same bytes alone, in a batch and in another order."""
    together = simulator.sample(SUBJECTS, "train").images
    for i in reversed(SUBJECTS):
        alone = simulator.sample([i], "train").images[0]
        assert torch.equal(alone, together[i]), f"subject {i} differs between a batch and alone"


def check_streams(simulator: Simulator) -> None:
    """Streams share no subject, and one number in two streams is no more alike than two numbers.

    Alike is the correlation of healthy images, less their common mean; its mean over equal numbers may exceed that over
    different ones by 4 standard errors.
    """
    healthy = [simulator.sample(range(COMPARED), stream, {"pathology": "off"}).images for stream in STREAMS]
    images = torch.stack(healthy).flatten(2).double()
    images = torch.nn.functional.normalize(images - images.mean((0, 1)), dim=2)
    for a, b in combinations(range(len(STREAMS)), 2):
        alike, equal = images[a] @ images[b].T, torch.eye(COMPARED, dtype=torch.bool)
        assert alike.max() < ONE, f"{STREAMS[a]} and {STREAMS[b]} share a subject"
        excess = (alike[equal].mean() - alike[~equal].mean()) / alike[~equal].std() * COMPARED**0.5
        assert excess < 4, f"one number in {STREAMS[a]} and {STREAMS[b]} is one brain ({excess:.1f} standard errors)"


def check_data_seed(simulator: Simulator) -> None:
    """Another data seed changes training subjects and keeps the explained ones."""
    other = simulator.with_data_seed(12345)
    same = {
        s: torch.equal(simulator.sample([1], s).images, other.sample([1], s).images) for s in ("train", "evaluation")
    }
    assert not same["train"], "the data seed does not change the training subjects"
    assert same["evaluation"], "the data seed changes the explained subjects"


def check_twins(simulator: Simulator) -> None:
    """A cohort explains what `sample` draws, and its counterfactual is sick minus well for patients and controls."""
    cohort = simulator.cohort(SUBJECTS, "evaluation")
    assert torch.equal(cohort.images, simulator.sample(SUBJECTS, "evaluation").images), "cohort and sample disagree"
    change = _sick_minus_well(simulator, cohort)
    counterfactual = cohort.truths["counterfactual"].volume
    assert counterfactual is not None and torch.equal(counterfactual, change), "counterfactual is not sick minus well"
    assert (change.flatten(1).abs().amax(1) > 0).all(), "a subject and its twin are the same image"


def check_support(simulator: Simulator) -> None:
    """No voxel outside the planted support or the domain differs between a subject and its twin."""
    cohort = simulator.cohort(SUBJECTS, "evaluation")
    planted, counterfactual = (cohort.truths[name].volume for name in ("planted", "counterfactual"))
    assert planted is not None and counterfactual is not None, "planted and counterfactual need volumes"
    assert counterfactual[planted == 0].abs().sum() == 0, "twins differ where nothing was planted"
    assert counterfactual[~cohort.domain].abs().sum() == 0, "twins differ outside the domain"


def check_signs(simulator: Simulator) -> None:
    """`planted` is positive where disease is brighter, negative where it is darker, as every truth is."""
    cohort = simulator.cohort(SUBJECTS, "evaluation")
    planted = cohort.truths["planted"].volume
    assert planted is not None, "planted needs volumes"
    agreement = planted.sign() * _sick_minus_well(simulator, cohort)
    # noise may turn a change over where it is next to none
    against = float(-agreement.clamp(max=0).sum() / agreement.abs().sum())
    assert against <= AGAINST, f"planted has the wrong sign where {against:.1%} of the change lies"


def check_validity(simulator: Simulator) -> None:
    """Every truth is there, or the simulator says why not; never both."""
    present, undefined = simulator.cohort(SUBJECTS, "evaluation").truths, Validity.of(simulator).undefined
    for name in TRUTHS:
        assert name in present or undefined.get(name), f"the truth {name} is missing and `validity` does not say why"
    both = sorted(set(present) & set(undefined))
    assert not both, f"{both[0]} is said not to exist and does"


def check_regions(simulator: Simulator) -> None:
    """Labels are those of the region table, every subject has them, and the affine is in millimetres."""
    cohort = simulator.cohort(SUBJECTS, "evaluation")
    assert len(set(cohort.region_names)) == len(cohort.region_names), "two regions share a name"
    for labels in cohort.regions:
        numbers = labels.unique().tolist()
        assert set(numbers) <= set(range(len(cohort.region_names) + 1)), "a label is not in the region table"
        assert len(numbers) > len(cohort.region_names) / 2, "most regions are missing from a subject"
    assert np.linalg.det(cohort.affine[:3, :3]) > 0, "the affine is singular or mirrors the brain"


def check_redraws(simulator: Simulator) -> None:
    """Redrawing a region changes that region only, or what it moves, and differently at every draw, in strata too."""
    cohort = simulator.cohort([1], "evaluation")
    names = len(cohort.region_names)
    _check_draws(simulator, cohort, simulator.redraws(1, "evaluation", 2).view(names, 2, *simulator.shape))
    strata = simulator.strata(1, "evaluation", 4)
    _check_draws(simulator, cohort, strata.images.view(names, 4, *simulator.shape))
    assert strata.strata.shape == (names, 4), "strata are not one number a region and draw"
    assert (strata.chances >= 0).all(), "the chance of a stratum is negative"
    assert torch.allclose(strata.chances.sum(1), torch.ones(names).double()), "the chances of strata do not sum to 1"
    drawn = strata.chances.gather(1, strata.strata)
    assert (drawn > 0).all(), "a draw is in a stratum that has no chance"


def _check_draws(simulator: Simulator, cohort: Cohort, redrawn: Tensor) -> None:
    names = len(cohort.region_names)
    for region in range(names):
        inside = cohort.regions[0, 0] == region + 1
        change = redrawn[region] - cohort.images[0]
        name = cohort.region_names[region]
        moves = name in simulator.displaced
        assert moves or change[:, ~inside].abs().sum() == 0, f"redrawing {name} changes other voxels"
        if inside.any():
            assert not torch.equal(redrawn[region, 0], redrawn[region, 1]), "two draws of a region are the same"


def check_switches(simulator: Simulator) -> None:
    """Switched in no region a subject is itself, switched everywhere its twin, for patients and controls."""
    cohort = simulator.cohort(SUBJECTS[:2], "evaluation")
    try:
        simulator.switches(int(cohort.subjects[0]), "evaluation", [()])
    except Unsupported:
        return
    everywhere = (*cohort.region_names, ELSEWHERE)
    for i, subject in enumerate(cohort.subjects.tolist()):
        none, whole = simulator.switches(subject, "evaluation", [(), everywhere])
        assert torch.equal(none, cohort.images[i]), "a subject switched in no region is not itself"
        assert torch.equal(whole, cohort.twins[i]), "a subject switched in all regions is not its twin"


def check_no_leak(simulator: Simulator) -> None:
    """With the pathology off, no global statistic tells the two groups apart (|d| below 4 standard errors, n = 60)."""
    batch = simulator.sample(range(60), "test", {"pathology": "off"})
    images, sides = batch.images.flatten(1).double(), simulator.sides(batch.targets)
    statistics = {
        "mean": images.mean(1),
        "spread": images.std(1),
        "peak": images.amax(1),
        "zeros": (images == 0).sum(1),
    }
    for name, value in statistics.items():
        sick, well = (value[sides == side].double() for side in (1, 0))
        error = (sick.var() / len(sick) + well.var() / len(well)).sqrt().clamp(min=1e-12)
        distance = ((sick.mean() - well.mean()) / error).abs().item()
        assert distance < 4, f"the {name} of healthy images tells the groups apart ({distance:.1f} standard errors)"


def check_visits(simulator: Simulator) -> None:
    """Visits of a person are its course, of its label, and more alike without the disease than those of two persons."""
    visits = {i: visit for i in range(LOOKED) if (visit := simulator.visit(i, "evaluation"))}
    whole = [subjects for subjects in courses(visits).values() if len(subjects) == visits[subjects[0]].of]
    if not visits:
        return
    assert len(whole) > 1, f"fewer than two persons have all their visits among the first {LOOKED} subjects"
    _check_courses({subject: visits[subject] for subjects in whole for subject in subjects})
    first, second = whole[:2]
    batch = simulator.sample((*first, *second), "evaluation", {"pathology": "off"})
    diagnoses = [visits[subject].diagnosis for subject in (*first, *second)]
    assert batch.targets.tolist() == diagnoses, "the diagnosis of a visit is not the target of its image"
    images = batch.images.flatten(1).double()
    distances = torch.cdist(images, images)
    count = len(first)
    within = max(distances[:count, :count].max(), distances[count:, count:].max())
    assert within < distances[:count, count:].min(), "two persons are more alike than visits of one"


def _check_courses(visits: dict[int, Visit]) -> None:
    try:
        require_courses(visits)
    except BadInput as error:
        raise AssertionError(str(error)) from error


def _sick_minus_well(simulator: Simulator, cohort: Cohort) -> Tensor:
    """Change (N, 1, D, H, W) of images by pathology: image minus twin, of a control the reverse."""
    control = (simulator.sides(cohort.targets) == 0) & (simulator.kind == "classes")
    sign = torch.where(control, -1.0, 1.0).view(-1, 1, 1, 1, 1)
    return sign * (cohort.images - cohort.twins)
