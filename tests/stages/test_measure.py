"""Strata follow the sides, and what the validity matrix excludes is never computed."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from bench.contracts import Attribution, Cohort, Context, MethodTags, MetricTags, Truth, View
from bench.contracts.validity import Validity
from bench.stages.explained import Explained, ExplainedModel
from bench.stages.scoring import measure
from metrics.course import CourseSkill

SCORES = torch.tensor([-2.0, -1.0, 1.0, 2.0])


class Mean(nn.Module):
    """The mean of an image."""

    def forward(self, x):
        return x.flatten(1).mean(1, keepdim=True)


@dataclass(frozen=True)
class Sum:
    """The map itself; what it is asked for is written down."""

    tags: ClassVar[MetricTags] = MetricTags("map", True, (0.0, 1.0), "", truths=frozenset("abc"), sets=True)
    asked: list
    subjects: ClassVar[None] = None

    def map(self, maps, truth, context):
        self.asked.append(truth.name)
        return maps.flatten(1).sum(1)


class Anything:
    """A method of no interest."""

    tags: ClassVar[MethodTags] = MethodTags("none", "location")


def scene(**given):
    images = SCORES.view(-1, 1, 1, 1, 1).expand(-1, 1, 2, 2, 2)
    cohort = Cohort(images, torch.tensor([0, 1, 0, 1]), torch.arange(4), images, images.short(), images.bool())
    context = Context(subjects=(0, 1, 2, 3), target=0)
    return ExplainedModel(Mean(), cohort, context, **({"sides": cohort.targets} | given))


def measured(limits):
    asked = []
    made, volume = scene(validity=limits), torch.ones(4, 1, 2, 2, 2)
    explained = Explained("any", Anything(), Attribution(volume), made.context)
    truths = {name: Truth(name, volume) for name in "ab"}
    return measure("sum", Sum(asked), explained, made, truths, [View()]), asked


class Asks:
    """A metric of one kind that asks for the outputs, if it is of the kind `model`."""

    subjects: ClassVar[None] = None

    def __init__(self, kind):
        self.tags = MetricTags(kind, True, (0.0, 1.0), "")

    def model(self, attributions, quantities, outputs, context):
        return {name: outputs(self, 0)[1].mean().expand(4) for name in attributions}

    def explainer(self, explain, model, cohort, context):
        return torch.ones(4)

    def draw(self, inputs, context, row):
        return inputs[row : row + 1] / 2


@pytest.mark.parametrize("kind", ["model", "explainer"])
def test_outputs_that_are_not_finite_are_the_reason(kind):
    made = scene()
    explained = Explained("any", Anything(), Attribution(made.cohort.images), made.context)
    assert measure("asks", Asks(kind), explained, made, {}, [])["status"].eq("ok").all()
    broken = scene()
    broken.cohort = replace(broken.cohort, images=broken.cohort.images / 0)
    rows = measure("asks", Asks(kind), explained, broken, {}, [])
    assert rows["status"].eq("undefined").all()
    assert rows["reason"].str.contains("output is not finite").all()


def test_a_map_in_other_units_than_a_metric_of_changes_reads_is_unsupported_with_the_reason():
    made = scene()
    rows = measure(
        "skill",
        CourseSkill(),
        Explained("any", Anything(), Attribution(made.cohort.images), made.context),
        made,
        {},
        [],
    )
    assert rows["status"].eq("unsupported").all()
    assert rows["reason"].eq("defined for change, this map is a location").all()


class Peak:
    """The largest value of the map that is shown."""

    tags: ClassVar[MetricTags] = MetricTags("map", True, (0.0, 1.0), "")
    subjects: ClassVar[None] = None

    def map(self, maps, truth, context):
        return maps.flatten(1).amax(1)


def peaks(views, blur=0.0):
    """The peak of a point, by view, on a grid of 7 mm."""
    made, volume = scene(), torch.zeros(4, 1, 9, 9, 9)
    volume[:, :, 4, 4, 4] = 1
    made.cohort = replace(made.cohort, affine=np.diag([7.0, 7.0, 7.0, 1.0]))
    explained = Explained("any", Anything(), Attribution(volume), made.context, blur)
    return measure("peak", Peak(), explained, made, {}, views).groupby("view")["value"].mean().to_dict()


def test_a_smoothing_in_voxels_is_that_in_millimetres_on_its_grid():
    found = peaks([View(), View(fwhm_mm=14.0), View(fwhm_voxels=2.0)])
    assert list(found) == ["abs", "abs+14mm", "abs+2voxels"]
    assert found["abs+2voxels"] == pytest.approx(found["abs+14mm"]) and found["abs"] == 1
    both = peaks([View(fwhm_mm=21.0, fwhm_voxels=4.0), View(fwhm_voxels=5.0)])
    assert both["abs+21mm+4voxels"] == pytest.approx(both["abs+5voxels"])


def test_the_own_view_is_the_smoothing_of_the_method():
    own = View(fwhm_voxels="own")
    assert peaks([own], blur=2.0)["abs+own"] == peaks([View(fwhm_voxels=2.0)])["abs+2voxels"]
    assert peaks([own]) == {"abs+own": 1.0}
    assert own.in_keys | {"own": 2.0} != own.in_keys and "fwhm_voxels" not in View().in_keys


def test_strata_of_two_classes_are_those_of_the_targets():
    assert scene().strata == ["TN", "FN", "FP", "TP"]


def test_strata_follow_sides_and_centre():
    """A regression: neither side for the second subject, and scores count from 1.5 upwards."""
    made = scene(sides=torch.tensor([1, -1, 0, 1]), centre=1.5)
    assert made.strata == ["FN", "", "TN", "TP"]


def test_what_does_not_exist_is_not_computed_and_tells_why():
    rows, asked = measured(Validity({"a": "there is no a", "c": "there is no c"}))
    assert asked == ["b"]
    told = rows.drop_duplicates("truth").set_index("truth")[["status", "reason"]].to_dict("index")
    assert told == {
        "a": {"status": "undefined", "reason": "there is no a"},
        "b": {"status": "ok", "reason": ""},
        "c": {"status": "undefined", "reason": "there is no c"},
    }


def test_without_sets_a_metric_that_needs_them_has_no_value():
    rows, asked = measured(Validity(without_sets="the disease is everywhere"))
    assert asked == [] and set(rows["reason"]) == {"the disease is everywhere"}


def test_a_truth_that_is_missing_without_a_reason_says_so():
    rows, _ = measured(Validity())
    assert rows[rows["truth"] == "c"]["reason"].str.contains("does not say why").all()


@dataclass(frozen=True)
class Part:
    """Names a gap."""

    validity: Validity


@dataclass(frozen=True)
class Whole:
    """Has parts."""

    parts: tuple
    more: object = None


@pytest.mark.parametrize(
    ("whole", "undefined", "without_sets"),
    [
        (Whole(()), {}, ""),
        (Whole((Part(Validity({"a": "x"})), Part(Validity({"a": "y", "b": "y"}, "z")))), {"a": "x", "b": "y"}, "z"),
        (Whole((Whole((Part(Validity({"a": "x"})),)),), more=[Part(Validity({"b": "y"}))]), {"a": "x", "b": "y"}, ""),
        (Part(Validity({"a": "its own"})), {"a": "its own"}, ""),
    ],
)
def test_a_simulator_lacks_what_its_parts_lack(whole, undefined, without_sets):
    assert Validity.of(whole) == Validity(undefined, without_sets)
