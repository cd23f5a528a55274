"""Conformance of a metric: plain functions chosen by its tags, for the project and for outsiders.

Each check takes the metric and raises `AssertionError` with a sentence that says what is wrong.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from bench.checks import metric_values as given
from bench.checks.metric_probe import network, probe
from bench.contracts import MetricTags

Check = Callable[[Any], None]


def applicable(metric: Any) -> list[Check]:
    """The checks that the metric's tags call for."""
    return [check for check, applies in _CHECKS if applies(metric.tags)]


def one_value_a_subject(metric: Any) -> None:
    """Every column is a floating-point tensor (N,), or () where a metric that sees all subjects has one value.

    One that compares models may have one value a model and subject, (M, N).
    """
    world = probe()
    subjects, models = len(world.cohort), len(world.retrained)
    also: dict[str, list[tuple[int, ...]]] = {
        "explainer": [()], "group": [()], "compare": [(), (models, subjects)],
    }  # fmt: skip
    allowed = [(subjects,), *also.get(metric.tags.kind, [])]
    for name, values in given.values(metric, world).items():
        shape = tuple(values.shape)
        assert shape in allowed, f"column {name!r} has shape {shape}, not one value a subject"
        assert values.is_floating_point(), f"column {name!r} is {values.dtype}, not floating point"


def within_bounds(metric: Any) -> None:
    """Values that exist lie within `tags.bounds`, for maps that know nothing and for the oracle.

    Columns beside the headline of a metric that has several need not: they may be something else.
    """
    world = probe()
    low, high = metric.tags.bounds
    found = given.values(metric, world)
    tables = [
        found if metric.tags.kind in ("map", "model") else {n: found[n] for n in found if n in given.heads(metric)}
    ]
    if metric.tags.kind == "map":
        tables.append({t.name: metric.map(world.oracle(t), t, world.context) for t in given.truths(metric, world)})
    for name, values in ((n, v) for table in tables for n, v in table.items()):
        known = values[~values.isnan()]
        inside = (known >= low - given.TOLERANCE) & (known <= high + given.TOLERANCE)
        assert inside.all(), f"column {name!r} leaves the bounds {metric.tags.bounds}: {known[~inside].tolist()}"


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
    scores = metric.model(*world.attributions({"exact": exact, "noise": world.maps}), world.outputs, world.context)
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
        expected = values[..., order] if values.dim() else values
        given.same(expected.flatten(), shuffled[name].flatten(), f"{name!r} depends on the order of subjects")


def inputs_are_kept(metric: Any) -> None:
    """Nothing handed to the metric is changed: images, maps, truths, the model."""
    world, model = probe(), network()
    before, weights = probe(), network().state_dict()
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


def empty_truth_is_undefined(metric: Any) -> None:
    """A subject whose truth is zero everywhere gives NaN, never a score; the others are scored as before."""
    world = probe()
    for truth in given.truths(metric, world):
        values = metric.map(world.maps, given.emptied(truth), world.context).flatten()
        full = metric.map(world.maps, truth, world.context).flatten()
        assert values[0].isnan(), f"an empty {truth.name!r} scores {values[0]}, not NaN"
        given.same(values[1:], full[1:], f"an empty {truth.name!r} of one subject changes the others")


def plain_maps_have_scores(metric: Any) -> None:
    """Maps that are zero, constant or negative everywhere have finite scores."""
    world = probe()
    plain = {"zero": 0 * world.maps, "constant": 0 * world.maps + 1, "negative": -world.maps.abs() - 1}
    for truth in given.truths(metric, world):
        for name, maps in plain.items():
            values = metric.map(maps, truth, world.context)
            assert values.isfinite().all(), f"a map that is {name} everywhere has no score: {values.tolist()}"


def broken_maps_are_undefined(metric: Any) -> None:
    """A subject whose map is not finite in one voxel of the domain has no score."""
    world = probe()
    maps = world.maps.clone()
    maps[0, 0, 4, 4, 4] = torch.nan
    for name, values in given.values(metric, replace(world, maps=maps)).items():
        assert values.flatten()[0].isnan(), f"{name!r} gives {values.flatten()[0]} to a map that is not finite"


def axes_have_no_direction(metric: Any) -> None:
    """A world seen in a mirror scores the same, with maps full of ties: no tie is broken by the order of voxels."""
    world = replace(probe(), maps=probe().maps.round())
    mirrored = given.values(metric, world.flipped())
    for name, values in given.values(metric, world).items():
        given.same(values.flatten(), mirrored[name].flatten(), f"{name!r} depends on the direction of an axis")


def truth_scale_is_free(metric: Any) -> None:
    """A truth three times as large, with its noise floor, is the same truth."""
    world = probe()
    for truth in given.truths(metric, world):
        fields = ("volume", "regions", "floor")
        larger = replace(truth, **{f: 3 * v for f in fields if (v := getattr(truth, f)) is not None})
        values = metric.map(world.maps, truth, world.context).flatten()
        scaled = metric.map(world.maps, larger, world.context).flatten()
        given.same(values, scaled, f"the score on {truth.name!r} depends on the scale of the truth")


def other_methods_do_not_matter(metric: Any) -> None:
    """A method scores the same whichever other methods are scored with it."""
    world = probe()
    alone = metric.model(*world.attributions({"noise": world.maps}), world.outputs, world.context)["noise"]
    many = {"first": world.maps.roll(2, dims=-1), "noise": world.maps, "flat": 0 * world.maps}
    together = metric.model(*world.attributions(many), world.outputs, world.context)["noise"]
    given.same(alone.flatten(), together.flatten(), "a score depends on which other methods are scored")


def scale_is_free(metric: Any) -> None:
    """Maps three times as large score the same."""
    world = probe()
    larger = replace(world, maps=3 * world.maps, retrained=3 * world.retrained)
    scaled = given.values(metric, larger, scale=3.0)
    for name, values in given.values(metric, world).items():
        given.same(values.flatten(), scaled[name].flatten(), f"{name!r} depends on the scale of the map")


def _always(tags: MetricTags) -> bool:
    return True


def _maps_with_truth(tags: MetricTags) -> bool:
    return tags.kind == "map" and bool(tags.truths)


#: Batches are checked for map metrics only: the others pool over subjects or compare them. Scale is not asked of
#: model metrics: an unscaled infidelity measures just that.
_CHECKS: tuple[tuple[Check, Callable[[MetricTags], bool]], ...] = (
    (one_value_a_subject, _always),
    (within_bounds, _always),
    (any_order, _always),
    (inputs_are_kept, _always),
    (random_state_is_kept, _always),
    (oracle_leads, lambda tags: tags.localisation),
    (exact_beats_random, lambda tags: tags.kind == "model"),
    (chance_is_reached, lambda tags: _maps_with_truth(tags) and tags.chance is not None),
    (alone_as_in_batch, lambda tags: tags.kind == "map"),
    (empty_truth_is_undefined, _maps_with_truth),
    (plain_maps_have_scores, _maps_with_truth),
    (broken_maps_are_undefined, lambda tags: tags.kind in ("map", "model")),
    (axes_have_no_direction, lambda tags: tags.kind == "map"),
    (truth_scale_is_free, _maps_with_truth),
    (other_methods_do_not_matter, lambda tags: tags.kind == "model"),
    (scale_is_free, lambda tags: tags.kind != "model"),
)
