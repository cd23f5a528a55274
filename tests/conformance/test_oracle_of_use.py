"""The oracle of `use` is right by construction, on every simulator: nothing that a metric calls used escapes it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from composed import node

from bench.config.build import build
from bench.contracts import Context
from bench.networks.linear import Linear
from bench.stages.redraw import redrawn
from bench.stages.use import use
from methods.oracles import Oracle
from metrics.gain import RegionNDCG
from metrics.regions import RegionAP, RegionSpearman, SignedRegionSpearman

NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "conf" / "simulator").glob("*.yaml"))
#: looked at at every run
ALWAYS = ("focal", "mtl_atrophy")


@pytest.mark.parametrize("name", [n if n in ALWAYS else pytest.param(n, marks=pytest.mark.full) for n in NAMES])
def test_the_oracle_scores_one(name):
    simulator = build(node(f"simulator/{name}")).with_amplitude(0.3)
    cohort = simulator.cohort(range(2), "evaluation")
    torch.manual_seed(0)
    model = Linear(simulator.shape, simulator.outputs)
    truth = use(model, redrawn(simulator, cohort, 8), cohort, simulator.target)
    context = Context(regions=cohort.regions, region_names=cohort.region_names, truths={"use": truth})
    shown = Oracle("use")(model, cohort.images, simulator.target, context)
    for metric in (RegionAP(), RegionNDCG(), RegionSpearman(), SignedRegionSpearman()):
        scores = metric.map(shown, truth, replace(context, quantity="location"))
        known = scores[scores.isfinite()]
        assert len(known) and torch.allclose(known, torch.ones_like(known), atol=2e-3), metric
