"""What methods compare an image with: four baselines, what each needs, and the class that every method declares."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from bench.contracts import Batch, Context, Undefined
from bench.contracts.tags import ReferenceClass
from methods.deeplift import DeepLIFT
from methods.deeplift_reveal import DeepLIFTRevealCancel
from methods.occlusion import Occlusion
from methods.paths import IntegratedGradients

CONF = Path(__file__).parents[2] / "conf" / "method"
METHODS = {path.stem: instantiate(OmegaConf.load(path)) for path in sorted(CONF.glob("*.yaml"))}
IMAGES = probes()[0].images.double()
OTHERS = torch.randn(6, 1, *IMAGES.shape[2:], generator=torch.Generator().manual_seed(3)).double()
DRAWN = torch.randn(3, 1, *IMAGES.shape[2:], generator=torch.Generator().manual_seed(4)).double()
PATIENT = torch.tensor([0, 1, 0, 0, 1, 0])
CONTEXT = Context(
    subjects=(4, 5, 6),
    training=lambda: Batch(OTHERS, PATIENT, torch.arange(6)),
    redraw_mean=lambda subject: DRAWN[subject - 4],
)
STARTS = {
    "zero": 0 * IMAGES,
    "mean": IMAGES.mean((1, 2, 3, 4), keepdim=True).expand_as(IMAGES),
    "controls": OTHERS[PATIENT == 0].mean(0).expand_as(IMAGES),
    "redraw": DRAWN,
}
KINDS = (IntegratedGradients, DeepLIFT, DeepLIFTRevealCancel)


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("method", KINDS)
def test_contributions_are_counted_from_the_baseline_that_is_named(method, kind):
    """On a linear model they are w (x - b); the images they are counted from come with them, but for zero."""
    model = randomised(SmallLinear(), 0).double()
    weight = (model.head.weight[1] - model.head.weight[0]).view(IMAGES.shape[1:]).detach()
    found = method(baseline=kind)(model, IMAGES, (1, 0), CONTEXT)
    torch.testing.assert_close(found.map, weight * (IMAGES - STARTS[kind]))
    if kind == "zero":
        assert found.baseline is None
    else:
        torch.testing.assert_close(found.baseline, STARTS[kind])


@pytest.mark.parametrize("method", KINDS)
def test_a_bent_network_is_followed_from_where_it_starts(method):
    """The map sums to the rise of the score from the named image, with the gap that is told."""
    model = randomised(Plain(), 0).double()
    for kind, start in STARTS.items():
        found = method(baseline=kind)(model, IMAGES, (1, 0), CONTEXT)
        with torch.no_grad():
            scores = [z[:, 1] - z[:, 0] for z in (model(IMAGES), model(start))]
        torch.testing.assert_close(found.map.flatten(1).sum(1), scores[0] - scores[1] + found.gap)


def test_a_subject_keeps_its_redraws_in_any_order():
    model, turned = randomised(Plain(), 0).double(), [2, 0, 1]
    whole = DeepLIFT("redraw")(model, IMAGES, (1, 0), CONTEXT).map
    part = DeepLIFT("redraw")(model, IMAGES[turned], (1, 0), CONTEXT.take(turned)).map
    torch.testing.assert_close(part, whole[turned])


@pytest.mark.parametrize("method", KINDS)
def test_who_asks_the_simulator_is_an_oracle_and_does_not_work_without(method):
    assert [method(baseline=kind).tags.role for kind in STARTS] == ["method"] * 3 + ["oracle"]
    assert [set(method(baseline=kind).tags.needs) for kind in STARTS] == [set(), set(), {"training"}, {"redraw_mean"}]
    with pytest.raises(Undefined, match="simulator behind the images"):
        method(baseline="redraw")(randomised(Plain(), 0).double(), IMAGES, (1, 0), replace(CONTEXT, redraw_mean=None))


def test_every_method_declares_its_class():
    """A contribution is counted from something; a sensitivity or a control compares with nothing."""
    classes = {name: method.tags.reference_class for name, method in METHODS.items()}
    assert set(classes.values()) <= set(get_args(ReferenceClass))
    for name, method in METHODS.items():
        if method.tags.quantity == "contribution":
            assert classes[name] != "none", name
        if method.tags.quantity == "sensitivity" or method.tags.role == "control":
            assert classes[name] == "none", name
    for own in (method for method in METHODS.values() if hasattr(method, "baseline")):
        assert own.tags.reference_class == own.baseline
    assert {name for name, found in classes.items() if found == "redraw"} == {
        "integrated_gradients_redraw", "deeplift_redraw", "redraw_occlusion"
    }  # fmt: skip
    assert {name for name, found in classes.items() if found == "controls"} == {
        "integrated_gradients_controls", "deeplift_controls", "deep_shap", "expected_gradients", "swap_test"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fill", "wanted"), [("zero", "zero"), (0, "zero"), (0.3, "number"), ("mean", "mean"), ("blur", "blur")]
)
def test_a_cover_is_a_reference(fill, wanted):
    assert Occlusion(fill=fill).tags.reference_class == wanted
