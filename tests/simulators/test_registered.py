"""Maps carried from one subject to another lie where the disease of the other lies."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.contracts import Context, Simulator, Undefined
from bench.stages import context as harness
from metrics.overlap import CalibratedAP
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.shape import Shape
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy

PATIENTS = (1, 3, 5, 7, 9)
HIPPOCAMPI = ("left hippocampus", "right hippocampus")
THALAMI = ("left thalamus", "right thalamus")


def agreement(maps, cohort):
    context = Context(subjects=PATIENTS, domain=cohort.domain)
    # at a low prior, where a truth that is moved by a voxel loses most
    return CalibratedAP(prior=0.01).map(maps, cohort.truths["planted"], context).mean().item()


@pytest.mark.parametrize(
    ("resolution_mm", "regions"), [(7.0, THALAMI), pytest.param(4.0, HIPPOCAMPI, marks=pytest.mark.full)]
)
def test_the_truth_of_another_fits_once_it_is_carried_over(resolution_mm, regions):
    """Where the grid shows more of a region than its border, which an interpolation blurs: a hippocampus needs 4 mm."""
    brain = Brain(Atrophy(regions), anatomy=MNI152(resolution_mm=resolution_mm), amplitude=0.3)
    cohort = brain.cohort(PATIENTS)
    size, donors = cohort.truths["planted"].volume.abs().roll(-1, 0), PATIENTS[1:] + PATIENTS[:1]
    pairs = list(zip(size, donors, PATIENTS, strict=True))
    warped = agreement(torch.stack([brain.to_anatomy_of(m, d, r, "evaluation") for m, d, r in pairs]), cohort)
    backwards = agreement(torch.stack([brain.to_anatomy_of(m, r, d, "evaluation") for m, d, r in pairs]), cohort)
    assert warped > 0.9 and max(agreement(size, cohort), backwards) < 0.75


def test_a_subject_s_own_volume_stays_as_it_is(brain):
    volume = torch.rand((1, *brain.shape), generator=torch.Generator().manual_seed(0))
    assert torch.equal(brain.to_anatomy_of(volume, 3, 3, "evaluation"), volume)


def test_brain_goes_to_brain_and_back(brain):
    """A smooth volume survives the way there and back within the head, to what two interpolations lose."""
    axes = np.meshgrid(*(np.linspace(0, np.pi, n) for n in brain.shape), indexing="ij")
    volume = torch.from_numpy(np.prod([np.sin(a) for a in axes], axis=0)).float()[None]
    inside = torch.from_numpy(brain.scene(3, "evaluation").warped.maps[2] > 0.5)[None]
    there = brain.to_anatomy_of(volume, 3, 5, "evaluation")
    back = brain.to_anatomy_of(there, 5, 3, "evaluation")
    moved, lost = ((other - volume)[inside].abs().mean() for other in (there, back))
    assert lost < 0.02 < moved


@pytest.mark.parametrize("recipient", [3, None])
def test_a_head_that_lies_elsewhere_corresponds_voxel_by_voxel(recipient):
    """The labels of one subject, carried, are the other's own in more voxels than as they lie; None is the template.

    Between heads that differ by fields of 2 mm; those of 1.1 mm, as people's after registration, leave less to win.
    """
    brain = Brain(Atrophy(HIPPOCAMPI), anatomy=MNI152(shape=Shape(field_mm=2.0)), amplitude=0.3)
    other = brain.scene(5, "evaluation").warped.labels
    own = brain.atlas.numpy() if recipient is None else brain.scene(recipient, "evaluation").warped.labels
    share = []
    for region in range(1, len(brain.region_names) + 1):
        plain = torch.from_numpy((other == region).astype(np.float32))[None]
        wanted = own == region
        share.append(
            [
                (v[0].numpy() > 0.5)[wanted].sum()
                for v in (brain.to_anatomy_of(plain, 5, recipient, "evaluation"), plain)
            ]
        )
    carried, plain = np.sum(share, axis=0) / (own > 0).sum()
    assert carried > plain + 0.1


class Unknowing(SimpleNamespace):
    """Nobody knows where its subjects correspond."""

    to_anatomy_of = Simulator.to_anatomy_of


@pytest.mark.parametrize("knows", [True, False])
def test_the_harness_passes_on_what_a_simulator_knows(knows, brain):
    """A simulator that has no `to_anatomy_of` says so, and never gives maps that are not laid on anything."""
    made = brain if knows else Unknowing(target=brain.target, sides=brain.sides)
    cohort = brain.cohort([3, 5])
    found, volume = harness.metric_context(made, cohort, "0" * 16, lambda: None).to_anatomy_of, cohort.images[0]
    if knows:
        assert torch.equal(found(volume, 3, 5), brain.to_anatomy_of(volume, 3, 5, "evaluation"))
    else:
        with pytest.raises(Undefined, match="knows where anatomies correspond"):
            found(volume, 3, 5)
