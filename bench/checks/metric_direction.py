"""Direction of a metric: better answers score better by it, whatever kind of answer it judges."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from bench.checks import metric_values as given
from bench.checks.metric_probe import MetricProbe, probe, slopes
from bench.contracts import Context, Explain, MetricTags


def oracle_leads(metric: Any) -> None:
    """The oracle of a truth scores better than maps that know nothing, on every subject."""
    world = probe()
    for truth in given.truths(metric, world):
        best = metric.map(world.oracle(truth), truth, world.context).flatten()
        chance = metric.map(world.maps, truth, world.context).flatten()
        assert given.better(metric, best, chance).all(), f"a map that knows nothing beats the oracle of {truth.name!r}"


def exact_beats_random(metric: Any) -> None:
    """On a linear model the exact explanation scores better than noise."""
    world = probe()
    exact = world.slope.expand_as(world.maps).contiguous()
    scores = metric.model(
        *world.attributions(metric, {"exact": exact, "noise": world.maps}), world.outputs, world.context
    )
    assert given.better(metric, scores["exact"].mean(), scores["noise"].mean()), "noise beats the exact explanation"


def chance_is_reached(metric: Any) -> None:
    """Maps that know nothing score `tags.chance` in the mean over 300 subjects, within five standard errors."""
    world = probe(subjects=300, seed=1)
    for truth in given.truths(metric, world):
        values = metric.map(world.maps, truth, world.context).flatten().double()
        error = values.std() / len(values) ** 0.5
        assert (values.mean() - metric.tags.chance).abs() < 5 * error, (
            f"random maps score {values.mean():.4f} +- {error:.4f}, not the chance {metric.tags.chance}"
        )


def has_a_right_answer(tags: MetricTags) -> bool:
    """True where `right_beats_wrong` has a right answer for a metric.

    Not where another check asks for more, nor for maps and a truth that is better left alone, as a distractor is.
    """
    shunned = tags.kind == "map" and bool(tags.truths) and not tags.higher_is_better
    return tags.kind != "model" and not tags.localisation and not shunned


def right_beats_wrong(metric: Any) -> None:
    """An answer that is right scores better in the mean of its values than a wrong one, for every metric of the kind.

    Finished maps: the lesion against noise, or, where groups are compared without a truth, another region for patients
    than for controls. An explainer: one that is right about a linear model (`_explainers`) against one whose maps have
    nothing to do with the model and are new at the faintest change of the image. Several models: maps of the lesion
    that training brings about against noise that no training changes.
    """
    world = probe(subjects=12)
    right, wrong = _ANSWERS[metric.tags.kind](metric, world)
    assert given.better(metric, right.nanmean(), wrong.nanmean()), (
        f"a wrong answer scores {wrong.nanmean():.4f}, a right one {right.nanmean():.4f}"
    )


def _map(metric: Any, world: MetricProbe) -> tuple[Tensor, Tensor]:
    asked = given.truths(metric, world) or [world.cohort.truths["planted"]]
    right = [_headline(metric, replace(world, maps=world.oracle(truth))) for truth in asked]
    return torch.cat(right), _headline(metric, world)


def _group(metric: Any, world: MetricProbe) -> tuple[Tensor, Tensor]:
    if metric.tags.truths:
        return _map(metric, world)
    side = world.cohort.targets[:, None, None, None, None]
    apart = (world.cohort.regions == 1 + side) + 0.1 * world.maps.abs()
    return _headline(metric, replace(world, maps=apart)), _headline(metric, world)


def _compare(metric: Any, world: MetricProbe) -> tuple[Tensor, Tensor]:
    lesion, noise = world.oracle(world.cohort.truths["planted"]), world.retrained
    wrong = replace(world.models, maps=noise, untrained=noise[:2], permuted=noise)
    right = replace(wrong, maps=lesion.expand_as(noise))
    return tuple(metric.compare(models, world.context)[""] for models in (right, wrong))


def _explainer(metric: Any, world: MetricProbe) -> tuple[Tensor, Tensor]:
    slope = world.slope.flatten()
    weights: nn.Module = nn.utils.skip_init(nn.Linear, len(slope), 2)
    weights.load_state_dict({"weight": torch.stack([0 * slope, slope]), "bias": torch.zeros(2)})
    linear = nn.Sequential(nn.Flatten(), weights)
    values = (_headline(metric, world, model=linear, explain=explain) for explain in _explainers(world))
    right = next(answer for answer in values if answer.isfinite().all())
    return right, _headline(metric, world, model=linear, explain=_unrelated)


def _explainers(world: MetricProbe) -> list[Explain]:
    """Right about the linear model: its gradient; or, where a map that is one for all has no score, the lesions.

    A model that has forgotten its weights gets as much of the lesion as its gradient is like the true one.
    """

    there = world.oracle(world.cohort.truths["planted"])

    def lesions(model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
        gradients = slopes(model, inputs, context).flatten(1)
        known = torch.cosine_similarity(gradients, world.slope.flatten()[None], dim=1).abs()[:, None, None, None, None]
        return known * there + (1 - known) * _unrelated(model, inputs, context)

    return [slopes, lesions]


def _unrelated(model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
    return (1e4 * inputs).sin()


def _headline(metric: Any, world: MetricProbe, **how: Any) -> Tensor:
    """The values of the headline, of all truths together."""
    columns = given.values(metric, world, **how)
    return torch.cat([values.flatten() for name, values in columns.items() if name in given.heads(metric)])


_ANSWERS = {"map": _map, "group": _group, "compare": _compare, "explainer": _explainer}
