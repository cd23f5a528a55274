"""Conformance of a metric: plain functions chosen by its tags, for the project and for outsiders.

Each check takes the metric and raises `AssertionError` with a sentence that says what is wrong.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.checks import metric_values as given
from bench.checks.metric_direction import (
    chance_is_reached,
    exact_beats_random,
    has_a_right_answer,
    oracle_leads,
    right_beats_wrong,
)
from bench.checks.metric_grids import (
    axes_have_no_direction,
    axes_have_no_order,
    domain_is_respected,
    section_scores_as_volume,
)
from bench.checks.metric_probe import CUBE, GRID, MetricProbe, gradient_input, probe, probe_network
from bench.checks.metric_residuals import values_are_residuals
from bench.checks.metric_truths import (
    empty_truth_is_undefined,
    full_truth_is_no_success,
    one_voxel_is_a_truth,
    truth_scale_is_free,
)
from bench.contracts import Context, MetricTags, Undefined

Check = Callable[[Any], None]


def applicable(metric: Any) -> list[Check]:
    """The checks that the metric's tags call for: those of its kind, and those of the laws it claims."""
    tags: MetricTags = metric.tags
    if unknown := tags.laws - LAWS.keys():
        raise ValueError(f"{type(metric).__name__} claims unknown laws {sorted(unknown)}; known: {sorted(LAWS)}")
    chosen = [check for check, applies in _CHECKS if applies(tags)]
    return chosen + [LAWS[law] for law in sorted(tags.laws)]


def one_value_a_subject(metric: Any) -> None:
    """Every column is a floating-point tensor (N,), or () where a metric that sees all subjects has one value.

    One that compares models may have one value per model and subject, (M, N).
    """
    world = probe()
    subjects, models = len(world.cohort), len(world.retrained)
    also: dict[str, list[tuple[int, ...]]] = {
        "explainer": [()], "group": [()], "compare": [(), (models, subjects)],
    }  # fmt: skip
    allowed = [(subjects,), *also.get(metric.tags.kind, [])]
    for name, values in given.values(metric, world).items():
        shape = tuple(values.shape)
        assert shape in allowed, f"column {name!r} has shape {shape}, not one value per subject"
        assert values.is_floating_point(), f"column {name!r} is {values.dtype}, not floating point"


def within_bounds(metric: Any) -> None:
    """Values that exist lie within `tags.bounds`, for maps that know nothing and for the oracle, on two grids.

    Columns beside the headline of a metric that has several need not: they may be something else.
    """
    low, high = metric.tags.bounds
    for name, values in (item for grid in (GRID, CUBE) for item in _bounded(metric, probe(grid=grid))):
        known = values[~values.isnan()]
        inside = (known >= low - given.TOLERANCE) & (known <= high + given.TOLERANCE)
        assert inside.all(), f"column {name!r} leaves the bounds {metric.tags.bounds}: {known[~inside].tolist()}"


def _bounded(metric: Any, world: MetricProbe) -> Iterator[tuple[str, Tensor]]:
    whole = metric.tags.kind in ("map", "model")
    yield from ((n, v) for n, v in given.values(metric, world).items() if whole or n in given.heads(metric))
    if metric.tags.kind == "map":
        yield from ((t.name, metric.map(world.oracle(t), t, world.context)) for t in given.truths(metric, world))


def alone_as_in_batch(metric: Any) -> None:
    """A subject scores the same alone and among others."""
    world = probe()
    together = given.values(metric, world)
    for row in range(len(world.cohort)):
        for name, alone in given.values(metric, world.take([row])).items():
            given.same(together[name].flatten()[row : row + 1], alone.flatten(), f"{name!r} depends on the batch")


def any_order(metric: Any) -> None:
    """Subjects in another order give the same values in that order."""
    world = probe()
    order = [3, 0, 5, 1, 4, 2]
    shuffled = given.values(metric, world.take(order))
    for name, values in given.values(metric, world).items():
        expected = values.reshape(-1, len(order))[:, order] if values.dim() else values
        given.same(expected.flatten(), shuffled[name].flatten(), f"{name!r} depends on the order of subjects")


def inputs_are_kept(metric: Any) -> None:
    """Nothing handed to the metric is changed: images, maps, truths, the model."""
    world, model = probe(), probe_network()
    before, weights = probe(), probe_network().state_dict()
    given.values(metric, world, model=model)
    pairs = [(world.maps, before.maps), (world.retrained, before.retrained), (world.uses, before.uses)]
    pairs += [(getattr(world.cohort, f), getattr(before.cohort, f)) for f in ("images", "domain", "regions")]
    for name, truth in before.cohort.truths.items():
        field = "regions" if truth.volume is None else "volume"
        pairs.append((getattr(world.cohort.truths[name], field), getattr(truth, field)))
    pairs += [(model.state_dict()[name], value) for name, value in weights.items()]
    assert all(torch.equal(a, b) for a, b in pairs), "the metric changes what it was given"


def random_state_is_kept(metric: Any) -> None:
    """The global random states of torch and numpy are left alone."""
    world, numbers = probe(), repr(np.random.get_state())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(20_240_229)
        before = torch.get_rng_state()
        given.values(metric, world)
        assert torch.equal(before, torch.get_rng_state()), "the metric moves torch's global random state"
    assert numbers == repr(np.random.get_state()), "the metric moves numpy's global random state"


def plain_maps_have_scores(metric: Any) -> None:
    """Maps that are zero, constant or negative everywhere have finite scores."""
    world = probe()
    plain = {"zero": 0 * world.maps, "constant": 0 * world.maps + 1, "negative": -world.maps.abs() - 1}
    for name, maps in plain.items():
        for values in given.values(metric, replace(world, maps=maps)).values():
            assert values.isfinite().all(), f"a map that is {name} everywhere has no score: {values.tolist()}"


def broken_maps_are_undefined(metric: Any) -> None:
    """A subject whose map is not finite in one voxel of the domain has no score of its own."""
    world = probe()
    hole = torch.zeros_like(world.maps)
    hole[(0, 0, *(side // 2 for side in world.grid))] = torch.nan

    def explain(model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
        return gradient_input(model, inputs, context) + hole

    broken = replace(world, maps=world.maps + hole, retrained=world.retrained + hole)
    for name, values in given.values(metric, broken, explain=explain).items():
        if values.dim() and name in given.heads(metric):
            first = values.reshape(-1, len(world.cohort))[:, 0]
            assert first.isnan().all(), f"{name!r} gives {first.tolist()} to a map that is not finite"


def broken_outputs_are_undefined(metric: Any) -> None:
    """A metric that meets a score that is not finite gives no value, or says why not."""
    world = probe()
    asked = []

    def outputs(perturbation: Any, row: int) -> tuple[Tensor, Tensor]:
        asked.append(row)
        moved, change = world.outputs(perturbation, row)
        return moved, change.where(torch.arange(len(change)) > 0, torch.nan)

    try:
        (values,) = metric.model(*world.attributions(metric, {"noise": world.maps}), outputs, world.context).values()
    except Undefined:
        return
    assert not asked or values.isnan().all(), f"outputs that are not finite give {values.tolist()}"


def other_methods_do_not_matter(metric: Any) -> None:
    """A method scores the same whichever other methods are scored with it."""
    world = probe()
    alone = metric.model(*world.attributions(metric, {"noise": world.maps}), world.outputs, world.context)["noise"]
    many = {"first": world.maps.roll(2, dims=-1), "noise": world.maps, "flat": 0 * world.maps}
    together = metric.model(*world.attributions(metric, many), world.outputs, world.context)["noise"]
    given.same(alone.flatten(), together.flatten(), "a score depends on which other methods are scored")


def scale_is_free(metric: Any) -> None:
    """Maps in any other unit score the same."""
    world = probe()
    expected = given.values(metric, world)
    for scale in given.SCALES:
        larger = replace(world, maps=scale * world.maps, retrained=scale * world.retrained)
        scaled = given.values(metric, larger, explain=partial(_in_unit, scale))
        for name, values in expected.items():
            complaint = f"{name!r} depends on the scale of the map, which is {scale:g} times as large"
            given.same(values.flatten(), scaled[name].flatten(), complaint)


def _in_unit(scale: float, model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
    return scale * gradient_input(model, inputs, context)


def _always(tags: MetricTags) -> bool:
    return True


def _maps(tags: MetricTags) -> bool:
    return tags.kind == "map"


def _model(tags: MetricTags) -> bool:
    return tags.kind == "model"


def _maps_with_truth(tags: MetricTags) -> bool:
    return tags.kind == "map" and bool(tags.truths)


#: The checks of laws that metrics claim (`MetricTags.laws`).
LAWS: dict[str, Check] = {
    "domain": domain_is_respected,
    "section": section_scores_as_volume,
    "residual": values_are_residuals,
}

#: Batches are checked for map metrics only: the others pool over subjects or compare them. Scale is not asked of
#: model metrics: an unscaled infidelity measures just that. A group leaves out maps that are not finite.
_CHECKS: tuple[tuple[Check, Callable[[MetricTags], bool]], ...] = (
    (one_value_a_subject, _always),
    (within_bounds, _always),
    (any_order, _always),
    (inputs_are_kept, _always),
    (random_state_is_kept, _always),
    (oracle_leads, lambda tags: tags.localisation),
    (exact_beats_random, _model),
    (right_beats_wrong, has_a_right_answer),
    (chance_is_reached, lambda tags: _maps_with_truth(tags) and tags.chance is not None),
    (alone_as_in_batch, _maps),
    (empty_truth_is_undefined, _maps_with_truth),
    (full_truth_is_no_success, _maps_with_truth),
    (one_voxel_is_a_truth, lambda tags: tags.localisation),
    (truth_scale_is_free, _maps_with_truth),
    (plain_maps_have_scores, lambda tags: tags.kind in ("map", "model")),
    (broken_maps_are_undefined, lambda tags: tags.kind != "group"),
    (broken_outputs_are_undefined, _model),
    (axes_have_no_direction, _maps),
    (axes_have_no_order, _maps),
    (other_methods_do_not_matter, _model),
    (scale_is_free, lambda tags: tags.kind != "model" and tags.quantities != {"change"}),
)
