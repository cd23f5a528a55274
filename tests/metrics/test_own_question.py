"""The question that a map's own baseline asks: right on linear models whatever the baseline."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from bench.config.build import build
from bench.contracts import Attribution, BadInput, Batch, Cohort, Context, Unsupported
from bench.contracts.plugins import Covers
from bench.networks.cnn import PooledCNN
from bench.networks.linear import Linear
from bench.passes.forward import forward
from bench.passes.scores import explained
from bench.stages.explained import ExplainedModel
from methods.gradients import Gradient
from methods.paths import IntegratedGradients
from methods.region_occlusion import RegionOcclusion
from metrics.own_question import OwnQuestion

SHAPE, TARGET = (8, 8, 8), (1, 0)
IMAGES = torch.rand((3, 1, *SHAPE), generator=torch.Generator().manual_seed(0))
REGIONS = (torch.arange(512).reshape(1, 1, *SHAPE) // 32).to(torch.int16).expand(3, -1, -1, -1, -1)
OTHERS = torch.rand((5, 1, *SHAPE), generator=torch.Generator().manual_seed(1))
CONTEXT = Context(
    subjects=(0, 1, 2), regions=REGIONS, region_names=tuple(f"region {r}" for r in range(1, 16)),
    training=lambda: Batch(OTHERS, torch.zeros(5).long(), torch.arange(5)), redraw_mean=lambda subject: OTHERS[subject],
)  # fmt: skip


def asked(model, attribution, context=CONTEXT, metric=OwnQuestion(), quantity="contribution"):  # noqa: B008
    """The scores of one map, whose question full passes of whole images answer."""

    def outputs(perturbation, row):
        moved = perturbation.draw(IMAGES, context, row)
        before, after = (explained(forward(model, x), TARGET) for x in (IMAGES[row : row + 1], IMAGES[row] - moved))
        return moved, before - after

    return metric.model({"it": attribution}, {"it": quantity}, outputs, context)["it"]


@pytest.fixture
def linear():
    torch.manual_seed(0)
    return Linear(SHAPE, 2)


@pytest.mark.parametrize("baseline", ["zero", "mean", "controls", "redraw"])
def test_integrated_gradients_of_a_linear_model_answer_it_from_any_baseline(linear, baseline):
    method = IntegratedGradients(steps=2, baseline=baseline)
    assert asked(linear, method(linear, IMAGES, TARGET, CONTEXT)).tolist() == pytest.approx([1, 1, 1])


def test_the_question_is_of_the_maps_own_baseline(linear):
    """Counted from controls and asked as if from zero, the same map is not right."""
    found = IntegratedGradients(steps=2, baseline="controls")(linear, IMAGES, TARGET, CONTEXT)
    assert asked(linear, found._replace(baseline=None)).mean() < 0.8


def test_a_map_of_other_places_does_not_answer_it(linear):
    exact = IntegratedGradients(steps=2)(linear, IMAGES, TARGET, CONTEXT)
    wrong = Attribution(exact.multiplier.flip(-3) * IMAGES, exact.multiplier.flip(-3))
    assert asked(linear, wrong).mean() < 0.6


def test_a_baseline_far_from_any_brain_is_no_fault(linear, shipped):
    """An image of minus a thousand everywhere is no brain, and from there the map is as right as from zero."""
    slope = IntegratedGradients(steps=2)(linear, IMAGES, TARGET, CONTEXT).multiplier
    far = Attribution(slope * (IMAGES + 1000), slope, baseline=torch.full_like(IMAGES, -1000))
    assert asked(linear, far, metric=shipped("own_question")).tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("fill", ["zero", "mean", "blur", "noise"])
def test_covering_regions_one_by_one_answers_the_question_of_the_cover(linear, fill):
    """Which is all that region occlusion does, whatever network it is; boxes that are no regions need not."""
    torch.manual_seed(1)
    for model in (linear, PooledCNN(SHAPE, 2, pool="max")):
        method = RegionOcclusion(fill=fill)
        found = Attribution(method(model, IMAGES, TARGET, CONTEXT), baseline=method.covering(IMAGES, CONTEXT))
        assert asked(model, found, quantity="location").tolist() == pytest.approx([1, 1, 1], abs=1e-3)


def test_every_location_with_one_reference_can_be_asked():
    """The others are means over many references, which are no one image; library entrants give maps alone."""
    folder, asked_of, not_asked = Path(__file__).parents[2] / "conf" / "method", [], []
    for name in sorted(path.stem for path in folder.glob("*.yaml")):
        method = build(OmegaConf.to_container(OmegaConf.load(folder / f"{name}.yaml")), path=name)
        if method.tags.quantity == "location" and method.tags.reference_class != "none":
            (asked_of if isinstance(method, Covers) else not_asked).append(name)
    assert {"occlusion", "region_occlusion", "kernel_shap", "swap_test", "twin_occlusion", "rise"} <= set(asked_of)
    many = {"expected_gradients", "deep_shap", "redraw_occlusion"}
    assert set(not_asked) - many <= {name for name in not_asked if name.startswith(("captum_", "shap_"))}


def test_one_map_without_a_baseline_has_no_value_beside_one_that_has(linear):
    exact = IntegratedGradients(steps=2)(linear, IMAGES, TARGET, CONTEXT)

    def outputs(perturbation, row):
        moved = perturbation.draw(IMAGES, CONTEXT, row)
        return moved, torch.rand(len(moved))

    found = OwnQuestion().model(
        {"one": exact, "two": Attribution(IMAGES)}, {"one": "contribution", "two": "location"}, outputs, CONTEXT
    )
    assert found["one"].isfinite().all() and found["two"].isnan().all()


def test_a_network_that_bends_is_not_answered_by_its_slope():
    torch.manual_seed(1)
    model = PooledCNN(SHAPE, 2, pool="max")
    slope = Gradient()(model, IMAGES, TARGET, CONTEXT)
    found = asked(model, Attribution(slope * IMAGES, slope))
    assert found.isfinite().any() and found.nanmean() < 0.99


def test_without_a_multiplier_there_is_no_question_and_without_regions_no_answer(linear):
    for quantity in ("contribution", "location"):
        with pytest.raises(Unsupported, match="no baseline to ask with"):
            asked(linear, Attribution(IMAGES), quantity=quantity)
    zeros = torch.zeros_like(IMAGES)
    assert asked(linear, Attribution(zeros, zeros)).isfinite().all()
    with pytest.raises(BadInput, match="regions"):
        asked(linear, Attribution(zeros, zeros), Context())


def test_maps_with_one_baseline_ask_the_model_once(linear):
    """Zeros are zeros, whichever method counts from them; from other images the answers are others."""
    cohort = Cohort(IMAGES, torch.zeros(3).long(), torch.arange(3))
    known = ExplainedModel(linear, cohort, replace(CONTEXT, target=TARGET), torch.zeros(3).long())
    passes = []
    linear.register_forward_hook(lambda *_: passes.append(0))

    def asks(baseline):
        attribution = IntegratedGradients(steps=2, baseline=baseline)(linear, IMAGES, TARGET, CONTEXT)
        passes.clear()
        scores = OwnQuestion().model({"it": attribution}, {"it": "contribution"}, known.outputs, CONTEXT)["it"]
        return scores, len(passes)

    (first, once), (again, no_more), (_, anew) = (asks(baseline) for baseline in ("zero", "zero", "controls"))
    torch.testing.assert_close(first, again)
    assert once > anew > no_more == 0
