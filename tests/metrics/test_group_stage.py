"""Group metrics and values of a whole model in the stage that measures, and how often the model is run for all."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torch import nn

from bench.contracts import Attribution, Cohort, Context, MethodTags, MetricTags, Truth, Validity
from bench.stages.explained import Explained, ExplainedModel
from bench.stages.scoring import measure
from metrics.curves import Deletion, Insertion, Selectivity
from metrics.infidelity import Infidelity, InfidelityRank
from metrics.perturbations import GaussianNoise, Patch, Redraw, RegionFill
from metrics.regions import RegionAP

SHAPE = (4, 1, 6, 6, 6)
IMAGES = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0))
REGIONS = torch.ones(SHAPE, dtype=torch.int16)
for _r in range(1, 6):
    REGIONS[..., _r:] = _r + 1


class Counted(nn.Module):
    """The mean of an image; counts the images it is shown."""

    seen = 0

    def forward(self, x):
        self.seen += len(x)
        return x.flatten(1).mean(1, keepdim=True)


class AnyMethod:
    """A method of no interest."""

    tags: ClassVar[MethodTags] = MethodTags("none", "sensitivity")


@dataclass(frozen=True)
class Told:
    """A group metric that gives back what it was told."""

    tags: ClassVar[MetricTags] = MetricTags("group", True, (0.0, 1.0), "", truths=frozenset("ab"))
    subjects: ClassVar[int] = 3

    def group(self, maps, truth, strata, cohort, context):
        assert len(maps) == len(strata) == len(cohort) == len(context.subjects) == len(truth.volume)
        return {"": truth.volume.flatten(1).sum(1), "patients": torch.tensor(float(strata.count("TP")))}


def scene(**given):
    cohort = Cohort(
        IMAGES, torch.tensor([0, 1, 0, 1]), torch.arange(4), IMAGES, REGIONS, REGIONS > 0,
        region_names=tuple("abcdef"),
    )  # fmt: skip
    context = Context(
        subjects=(0, 1, 2, 3), target=0, domain=REGIONS > 0, regions=REGIONS, region_names=tuple("abcdef"),
        redraws=lambda s: IMAGES[s] + torch.rand((12, *SHAPE[1:]), generator=torch.Generator().manual_seed(s)),
    )  # fmt: skip
    return ExplainedModel(Counted(), cohort, context, cohort.targets, **given)


def measured(metric, made, truths=None, seed=0):
    maps = torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))
    explained = Explained(f"m{seed}", AnyMethod(), Attribution(maps), made.context)
    return measure("metric", metric, explained, made, truths or {}, [])


def test_a_group_metric_meets_each_truth_and_may_say_one_thing_of_the_model():
    truths = {name: Truth(name, volume=torch.full(SHAPE, value)) for name, value in (("a", 1.0), ("b", 2.0))}
    rows = measured(Told(), scene(centre=-1.0), truths)
    subjects = rows[rows["metric"] == "metric"]
    assert subjects.groupby("truth")["value"].mean().to_dict() == {"a": 216.0, "b": 432.0}
    assert subjects["subject"].tolist() == [0, 1, 2] * 2 and set(subjects["view"]) == {""}
    model = rows[rows["metric"] == "metric.patients"]
    assert model[["subject", "stratum", "value", "status"]].to_numpy().tolist() == [[-1, "", 1.0, "ok"]] * 2


def test_a_truth_that_does_not_exist_is_not_asked_of_a_group_metric():
    rows = measured(Told(), scene(validity=Validity({"a": "no a", "b": "no b"})))
    assert set(rows["status"]) == {"undefined"} and set(rows["reason"]) == {"no a", "no b"}


def test_slopes_count_where_voxels_vary(shipped):
    """The same slope everywhere: regions rank by how much their voxels vary, as what is used does."""
    made = scene()
    spread = REGIONS.float() ** 2 * torch.tensor([-1.0, 0.0, 0.0, 1.0]).reshape(4, 1, 1, 1, 1)
    cohort = Cohort(spread, torch.zeros(4), torch.arange(4))
    use = Truth("use", regions=torch.tensor([[0.0, 0, 0, 0, 0, 1]]).expand(4, 6))
    metric, even = RegionAP(), torch.ones(SHAPE)
    weighed = shipped("region_ap_sd").group(even, use, [""] * 4, cohort, made.context)[""]
    assert (weighed == 1).all() and (metric.map(even, use, made.context) < 1).all()


@pytest.mark.parametrize("methods", [1, 3])
def test_all_perturbation_metrics_together_run_the_model_as_often_as_they_must(methods):
    """One pass an image and distinct perturbation, shared by methods and metrics; orders of erasing are a map's own."""
    families = [GaussianNoise(count=8), Patch(size=2, count=8), RegionFill(count=8), Redraw(count=8)]
    shared = [kind(family) for family in families for kind in (Infidelity, InfidelityRank)]
    shared.append(Infidelity(families[1], scaling="none"))
    own = [Deletion(steps=5, subjects=None), Insertion(steps=5, subjects=None), Selectivity(steps=5, subjects=None)]
    made = scene()
    for metric in [*shared, *own]:
        for seed in range(methods):
            assert set(measured(metric, made, seed=seed)["status"]) <= {"ok", "undefined"}
    subjects, draws = len(IMAGES), 8 + 8 + 6 + 8
    assert made.model.seen == subjects * (1 + draws + methods * len(own) * (5 + 1))
