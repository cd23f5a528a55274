"""The oracle of `use` is right by construction, on every simulator: nothing that a metric calls used escapes it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from composed import node

from bench.config.build import build
from bench.contracts import Context
from bench.networks.linear import Linear
from bench.stages.redraw import redraws_of
from bench.stages.use import use
from methods.oracles import Oracle
from methods.paths import IntegratedGradients
from metrics.gain import RegionNDCG
from metrics.regions import RegionAP, RegionSpearman, SignedRegionSpearman

NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "conf" / "simulator").glob("*.yaml"))
#: looked at at every run
ALWAYS = ("focal", "mtl_atrophy")


EVERYWHERE = pytest.mark.parametrize(
    "name", [n if n in ALWAYS else pytest.param(n, marks=pytest.mark.full) for n in NAMES]
)


def world(name):
    """A linear model of chance on a simulator's subjects, its `use`, and what methods and metrics are told."""
    simulator = build(node(f"simulator/{name}")).with_amplitude(0.3)
    cohort = simulator.cohort(range(2), "evaluation")
    torch.manual_seed(0)
    model, redrawn = Linear(simulator.shape, simulator.outputs), redraws_of(simulator, cohort, 8)
    truth = use(model, redrawn, cohort, simulator.target)
    rows = cohort.subjects.tolist()
    context = Context(
        subjects=tuple(rows), regions=cohort.regions, region_names=cohort.region_names, truths={"use": truth},
        domain=cohort.domain,
        redraw_mean=lambda s: redrawn.mean(rows.index(s), cohort.images[rows.index(s)], cohort.regions[rows.index(s)]),
    )  # fmt: skip
    return model, cohort.images, simulator.target, context


def scores(maps, context, quantity):
    """By metric, the scores that are defined."""
    for metric in (RegionAP(), RegionNDCG(), RegionSpearman(), SignedRegionSpearman()):
        found = metric.map(maps, context.truths["use"], replace(context, quantity=quantity))
        yield metric, found[found.isfinite()]


@EVERYWHERE
def test_the_oracle_scores_one(name):
    model, images, target, context = world(name)
    for metric, known in scores(Oracle("use")(model, images, target, context), context, "location"):
        assert len(known) and torch.allclose(known, torch.ones_like(known), atol=2e-3), metric


@EVERYWHERE
def test_exact_contributions_of_a_linear_model_answer_it_from_the_redraw_mean_alone(name):
    """From zero a region owns the brightness that every redraw keeps.

    Where the pathology moves anatomy, a region's redraw moves what lies around it, of which its contribution has no
    part: there regions stand in nearly the same order, and the sizes that NDCG weighs are others.
    """
    model, images, target, context = world(name)
    moving = build(node(f"simulator/{name}")).parts.moving
    for metric, known in scores(
        IntegratedGradients(2, baseline="redraw")(model, images, target, context).map, context, "contribution"
    ):
        nearly = 0.7 if isinstance(metric, RegionNDCG) else 0.9
        assert len(known) and (known >= (nearly if moving else 0.98)).all(), metric
    for metric, known in scores(IntegratedGradients(2)(model, images, target, context).map, context, "contribution"):
        assert len(known) and known.mean() < 0.9, metric
