"""Infidelities on a linear model, where the change of the score under every perturbation is known."""

from typing import Any

import torch
from torch import Tensor

from bench.checks import metric_values as given
from bench.checks.metric_probe import MetricProbe, probe
from bench.contracts import Attribution


def values_are_residuals(metric: Any) -> None:
    """Values are N sum (p - df)^2 / sum df^2: squared before the mean, the scale of p fitted on other subjects.

    Weights that are exact score 0, as the map of a sensitivity and as the multiplier of a contribution; where all are
    zeros the mean is 1, and where all have the wrong sign no better. Where those of one subject alone are replaced, it
    gets the scale of the others' exact weights, 1: by noise, zeros, twice the weights or their negative, its value is
    that of the formula.
    """
    world, asked = probe(), {}
    exact = world.slope.expand_as(world.maps)

    def outputs(perturbation: Any, row: int) -> tuple[Tensor, Tensor]:
        asked[row] = world.outputs(perturbation, row)
        return asked[row]

    weights = {name: torch.cat([one[:1], exact[1:]]) for name, one in _others(world, exact).items()}
    answers = {name: Attribution(maps) for name, maps in weights.items()}
    answers["share"] = Attribution(exact * world.cohort.images, multiplier=exact)
    quantities = {name: "contribution" if name == "share" else "sensitivity" for name in answers}
    scores = metric.model(answers, quantities, outputs, world.context)
    for name, what in (("exact", "weights are"), ("share", "multiplier is")):
        given.same(scores[name], torch.zeros(len(exact)), f"the exact {what} not exact")
    total = sum(float(change.double().square().sum()) for _, change in asked.values())
    moved, change = asked[0]
    for name, maps in weights.items():
        left = ((moved * maps[0]).flatten(1).double().sum(dim=1) - change.double()).square().sum()
        expected = (len(exact) * left / total).float()
        given.same(scores[name][0], expected, f"where the weights of one subject are {name}, its value is no residual")
    silent, wrong = (
        metric.model(*world.attributions(metric, {"": maps}), outputs, world.context)[""]
        for maps in (0 * exact, -exact)
    )
    given.same(silent.mean(), torch.ones(()), "maps of zeros do not score 1 in the mean")
    assert wrong.mean() >= 1 - given.TOLERANCE, f"weights of the wrong sign score {wrong.mean()}, zeros 1"


def _others(world: MetricProbe, exact: Tensor) -> dict[str, Tensor]:
    return {"exact": exact, "noise": world.maps, "zero": 0 * exact, "twice": 2 * exact, "reversed": -exact}
