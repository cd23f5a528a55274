"""Conformance of a metric: plain functions chosen by its tags, for the project and for outsiders.

Each check takes the metric and raises `AssertionError` with a sentence that says what is wrong.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.checks.metric_probe import Probe, gradient_input, network, probe
from bench.contracts import MetricTags, Truth

Check = Callable[[Any], None]
#: bounds and equalities are met up to this; metrics return float32
_TOLERANCE = 1e-5


def applicable(metric: Any) -> list[Check]:
    """The checks that the metric's tags call for."""
    return [check for check, applies in _CHECKS if applies(metric.tags)]


def one_value_a_subject(metric: Any) -> None:
    """Every column is a floating-point tensor (N,)."""
    world = probe()
    for name, values in _values(metric, world).items():
        shape = tuple(values.shape)
        assert shape == (len(world.cohort),), f"column {name!r} has shape {shape}, not one value a subject"
        assert values.is_floating_point(), f"column {name!r} is {values.dtype}, not floating point"


def within_bounds(metric: Any) -> None:
    """Values that exist lie within `tags.bounds`, for maps that know nothing and for the oracle."""
    world = probe()
    low, high = metric.tags.bounds
    tables = [_values(metric, world)]
    if metric.tags.kind == "map":
        tables.append({t.name: metric.map(world.oracle(t), t, world.context) for t in _truths(metric, world)})
    for name, values in ((n, v) for table in tables for n, v in table.items()):
        known = values[~values.isnan()]
        inside = (known >= low - _TOLERANCE) & (known <= high + _TOLERANCE)
        assert inside.all(), f"column {name!r} leaves the bounds {metric.tags.bounds}: {known[~inside].tolist()}"


def oracle_leads(metric: Any) -> None:
    """The oracle of a truth scores better than maps that know nothing, on every subject."""
    world = probe()
    for truth in _truths(metric, world):
        best = metric.map(world.oracle(truth), truth, world.context).flatten()
        chance = metric.map(world.maps, truth, world.context).flatten()
        assert _better(metric, best, chance).all(), f"a map that knows nothing beats the oracle of {truth.name!r}"


def exact_beats_random(metric: Any) -> None:
    """On a linear model the exact explanation scores better than noise."""
    world = probe()
    exact = world.slope.expand_as(world.maps).contiguous()
    scores = metric.model(*world.attributions({"exact": exact, "noise": world.maps}), world.outputs, world.context)
    assert _better(metric, scores["exact"].mean(), scores["noise"].mean()), "noise beats the exact explanation"


def chance_is_reached(metric: Any) -> None:
    """Maps that know nothing score `tags.chance` in the mean over 300 subjects, within five standard errors."""
    world = probe(subjects=300, seed=1)
    for truth in _truths(metric, world):
        values = metric.map(world.maps, truth, world.context).flatten().double()
        error = values.std() / len(values) ** 0.5
        assert (values.mean() - metric.tags.chance).abs() < 5 * error, (
            f"random maps score {values.mean():.4f} +- {error:.4f}, not the chance {metric.tags.chance}"
        )


def alone_as_in_batch(metric: Any) -> None:
    """A subject scores the same alone and among others."""
    world = probe()
    together = _values(metric, world)
    for row in range(len(world.cohort)):
        for name, alone in _values(metric, world.take([row])).items():
            _same(together[name].flatten()[row : row + 1], alone.flatten(), f"{name!r} depends on the batch")


def any_order(metric: Any) -> None:
    """Subjects in another order give the same values in that order."""
    world = probe()
    order = [3, 0, 5, 1, 4, 2]
    shuffled = _values(metric, world.take(order))
    for name, values in _values(metric, world).items():
        _same(values.flatten()[order], shuffled[name].flatten(), f"{name!r} depends on the order of subjects")


def inputs_are_kept(metric: Any) -> None:
    """Nothing handed to the metric is changed: images, maps, truths, the model."""
    world, model = probe(), network()
    before, weights = probe(), network().state_dict()
    _values(metric, world, model=model)
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
        _values(metric, world)
        assert torch.equal(before, torch.get_rng_state()), "the metric moves torch's global random state"
    assert numbers == repr(np.random.get_state()), "the metric moves numpy's global random state"


def empty_truth_is_undefined(metric: Any) -> None:
    """A subject whose truth is zero everywhere gives NaN, never a score; the others are scored as before."""
    world = probe()
    for truth in _truths(metric, world):
        values = metric.map(world.maps, _emptied(truth), world.context).flatten()
        full = metric.map(world.maps, truth, world.context).flatten()
        assert values[0].isnan(), f"an empty {truth.name!r} scores {values[0]}, not NaN"
        _same(values[1:], full[1:], f"an empty {truth.name!r} of one subject changes the others")


def plain_maps_have_scores(metric: Any) -> None:
    """Maps that are zero, constant or negative everywhere have finite scores."""
    world = probe()
    plain = {"zero": 0 * world.maps, "constant": 0 * world.maps + 1, "negative": -world.maps.abs() - 1}
    for truth in _truths(metric, world):
        for name, maps in plain.items():
            values = metric.map(maps, truth, world.context)
            assert values.isfinite().all(), f"a map that is {name} everywhere has no score: {values.tolist()}"


def scale_is_free(metric: Any) -> None:
    """Maps three times as large score the same."""
    world = probe()
    larger = replace(world, maps=3 * world.maps, retrained=3 * world.retrained)
    scaled = _values(metric, larger, scale=3.0)
    for name, values in _values(metric, world).items():
        _same(values.flatten(), scaled[name].flatten(), f"{name!r} depends on the scale of the map")


def _values(metric: Any, world: Probe, model: Any = None, scale: float = 1.0) -> dict[str, Tensor]:
    """All columns of a metric of any kind on the probe; map metrics give one a truth, model metrics one a method."""
    if metric.tags.kind == "map":
        if not metric.tags.truths:
            return {"": metric.map(world.maps, None, world.context)}
        return {t.name: metric.map(world.maps, t, world.context) for t in _truths(metric, world)}
    if metric.tags.kind == "model":
        return dict(metric.model(*world.attributions({"noise": world.maps}), world.outputs, world.context))
    if metric.tags.kind == "compare":
        return dict(metric.compare(world.models, world.context))
    result = metric.explainer(gradient_input(scale), model or network(), world.cohort, world.context)
    return {"": result} if isinstance(result, Tensor) else dict(result)


def _truths(metric: Any, world: Probe) -> list[Truth]:
    return [world.cohort.truths[name] for name in sorted(metric.tags.truths) if name in world.cohort.truths]


def _emptied(truth: Truth) -> Truth:
    """The truth with nothing in it for the first subject."""
    kept = {f: v.clone() for f in ("volume", "regions") if (v := getattr(truth, f)) is not None}
    for value in kept.values():
        value[0] = 0
    return replace(truth, **kept)


def _better(metric: Any, a: Tensor, b: Tensor) -> Tensor:
    return a > b if metric.tags.higher_is_better else a < b


def _same(a: Tensor, b: Tensor, complaint: str) -> None:
    assert torch.allclose(a, b, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True), f"{complaint}: {a} against {b}"


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
    (scale_is_free, lambda tags: tags.kind != "model"),
)
