"""The disease taken away, given or made weaker: what it does to the score, and nothing else."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from bench.config.build import build
from bench.contracts import Attribution, BadInput, Context, Undefined
from bench.stages import context as harness
from metrics.infidelity import Infidelity
from metrics.infidelity_assisted import AssistedInfidelity, SeverityPath, Twin
from metrics.perturbations import Redraw
from simulators.brain import Brain
from simulators.pathology.focal import Focal

CONF = Path(__file__).parents[2] / "conf"
N, SHAPE = 6, (1, 4, 5, 4)
SOURCE = torch.Generator().manual_seed(0)
IMAGES, LESIONS = torch.randn((N, *SHAPE), generator=SOURCE), torch.zeros(N, *SHAPE)
LESIONS[:, :, 1:3, 2, 2] = torch.randn((N, 1, 2), generator=SOURCE)
SLOPE = torch.randn(SHAPE, generator=SOURCE)
CONTEXT = Context(
    subjects=tuple(range(10, 10 + N)),
    twin=lambda subject: (IMAGES - LESIONS)[subject - 10],
    severities=lambda subject, strengths: torch.stack(
        [IMAGES[subject - 10] - (1 - s) * LESIONS[subject - 10] for s in strengths]
    ),
)


def outputs(perturbation, row):
    moved = perturbation.draw(IMAGES, CONTEXT, row)
    return moved, (moved * SLOPE).flatten(1).sum(dim=1)


def score(maps, family=None):
    metric = AssistedInfidelity(family or Twin())
    return metric.model({"m": Attribution(maps)}, {"m": "sensitivity"}, outputs, CONTEXT)["m"].mean().item()


def test_a_subject_becomes_its_twin():
    for row in range(N):
        torch.testing.assert_close(Twin().draw(IMAGES, CONTEXT, row), LESIONS[row : row + 1])


def test_the_gradient_predicts_what_the_disease_does_and_zeros_do_not():
    assert score(SLOPE.expand(N, *SHAPE)) == pytest.approx(0, abs=1e-9)
    assert score(torch.zeros(N, *SHAPE)) == pytest.approx(1)


def test_the_path_ends_at_the_subject_and_at_its_twin():
    for row in range(N):
        drawn = SeverityPath().draw(IMAGES, CONTEXT, row)
        assert drawn.shape == (5, *SHAPE) and SeverityPath().count == 5
        torch.testing.assert_close(drawn[0], Twin().draw(IMAGES, CONTEXT, row)[0])
        torch.testing.assert_close(drawn[1], 0.75 * LESIONS[row])
        assert (drawn[4] == 0).all()


def test_a_plain_loop_over_subjects_and_strengths_agrees():
    """The pooled ratio of a model that is not linear, without scaling."""

    def curved(perturbation, row):
        moved = perturbation.draw(IMAGES, CONTEXT, row)
        return moved, (SLOPE * IMAGES[row]).sum() ** 2 - (SLOPE * (IMAGES[row] - moved)).flatten(1).sum(1) ** 2

    strengths, maps = (0.0, 0.3, 0.9), torch.randn((N, *SHAPE), generator=torch.Generator().manual_seed(2))
    left = total = 0.0
    for image, lesion, weight in zip(IMAGES.double(), LESIONS.double(), maps.double(), strict=True):
        for strength in strengths:
            other = image - (1 - strength) * lesion
            change = (SLOPE * image).sum().item() ** 2 - (SLOPE * other).sum().item() ** 2
            left += (((image - other) * weight).sum().item() - change) ** 2
            total += change**2
    metric = AssistedInfidelity(SeverityPath(strengths), "none")
    found = metric.model({"m": Attribution(maps)}, {"m": "sensitivity"}, curved, CONTEXT)["m"].mean().item()
    assert found == pytest.approx(left / total, rel=1e-4)


def test_the_gradient_predicts_every_strength_and_a_map_elsewhere_none():
    gradient = SLOPE.expand(N, *SHAPE)
    assert score(gradient, SeverityPath()) == pytest.approx(0, abs=1e-9)
    assert score(gradient * (LESIONS != 0), SeverityPath()) == pytest.approx(0, abs=1e-9)
    assert score(gradient * (LESIONS == 0), SeverityPath()) == pytest.approx(1)


@pytest.mark.parametrize("subject", [4, 5])
def test_the_harness_renders_controls_and_patients_from_healthy_to_sick(subject):
    brain = Brain(Focal(), amplitude=0.3)
    cohort = brain.cohort([subject])
    found = harness.metric_context(brain, cohort, "0" * 16, lambda: None).severities(subject, (0.0, 0.5, 1.0))
    well, sick = (cohort.twins, cohort.images) if subject % 2 else (cohort.images, cohort.twins)
    assert torch.equal(found[[0, 2]], torch.cat([well, sick]))
    assert 0 < (found[1] - well).norm() < (sick - well).norm()


def test_what_needs_a_simulator_is_no_proxy_in_real_images():
    assert all(AssistedInfidelity(family).tags.assisted for family in (Twin(), SeverityPath()))
    assert not Infidelity(Twin()).tags.assisted
    for family in (Redraw(), Twin(), SeverityPath()):
        with pytest.raises(Undefined, match="simulator"):
            family.draw(IMAGES, Context(subjects=tuple(range(N))), 0)


@pytest.mark.parametrize("strengths", [(0.5, 0.5), (1.0, 0.0)], ids=str)
def test_a_path_that_is_none_is_refused(strengths):
    with pytest.raises(BadInput, match=r"SeverityPath.strengths=.*1 or more rising numbers"):
        SeverityPath(strengths)


@pytest.mark.parametrize("path", sorted((CONF / "metric").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_metric_that_asks_the_simulator_for_images_is_assisted(path):
    node = OmegaConf.to_container(OmegaConf.load(path))
    family = str(node.get("perturbation", {}).get("_target_", "")).rpartition(".")[2]
    asked = family in ("Redraw", "Twin", "SeverityPath") or node.get("fill") in ("redraw", "twin")
    assert build(node, path=path.stem).tags.assisted or not asked
