"""Scores of truths whose right answer is known: empty, full, of one voxel, of any scale."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor

from bench.checks import metric_values as given
from bench.checks.metric_probe import MetricProbe, probe
from bench.contracts import Truth


def empty_truth_is_undefined(metric: Any) -> None:
    """A subject whose truth is zero everywhere gives NaN, never a score; the others are scored as before."""
    world = probe()
    for truth in given.truths(metric, world):
        emptied = _changed(
            truth, lambda part: part * (torch.arange(len(part)) > 0).reshape(-1, *[1] * (part.dim() - 1))
        )
        values = metric.map(world.maps, emptied, world.context).flatten()
        full = metric.map(world.maps, truth, world.context).flatten()
        assert values[0].isnan(), f"an empty {truth.name!r} scores {values[0]}, not NaN"
        given.same(values[1:], full[1:], f"an empty {truth.name!r} of one subject changes the others")


def full_truth_is_no_success(metric: Any) -> None:
    """A truth that is the same in the whole domain, or in all regions, makes no map perfect: there is none to beat."""
    world = probe()
    perfect = metric.tags.bounds[1 if metric.tags.higher_is_better else 0]
    for truth in given.truths(metric, world):
        full = _filled(truth, world)
        for name, maps in {"knows nothing": world.maps, "marks everything": world.oracle(full)}.items():
            values = metric.map(maps, full, world.context).flatten()
            assert not ((values - perfect).abs() <= given.TOLERANCE).any(), (
                f"a map that {name} is perfect on a {truth.name!r} that is everywhere: {values.tolist()}"
            )


def one_voxel_is_a_truth(metric: Any) -> None:
    """A truth of one voxel, or of one region, has finite scores like any other."""
    world = probe()
    for truth in given.truths(metric, world):
        single = _single(truth, world)
        for maps in (world.maps, world.oracle(single)):
            values = metric.map(maps, single, world.context)
            assert values.isfinite().all(), f"a single spot of {truth.name!r} has no score: {values.tolist()}"


def truth_scale_is_free(metric: Any) -> None:
    """A truth in any other unit, with its noise floor, is the same truth."""
    world = probe()
    for truth, scale in product(given.truths(metric, world), given.SCALES):
        larger = _changed(truth, partial(torch.mul, other=scale))
        larger = larger if truth.floor is None else replace(larger, floor=scale * truth.floor)
        values = metric.map(world.maps, truth, world.context).flatten()
        scaled = metric.map(world.maps, larger, world.context).flatten()
        complaint = f"the score on {truth.name!r} depends on the scale of the truth, which is {scale:g} times as large"
        given.same(values, scaled, complaint)


def _filled(truth: Truth, world: MetricProbe) -> Truth:
    domain = world.cohort.domain
    return _changed(truth, lambda part: domain.to(part) if part.dim() == domain.dim() else torch.ones_like(part))


def _single(truth: Truth, world: MetricProbe) -> Truth:
    """One voxel in the middle of the grid, or the first region."""
    voxel = torch.zeros(world.grid)
    voxel[tuple(side // 2 for side in world.grid)] = 2
    region = torch.zeros(len(world.cohort.region_names))
    region[0] = 1
    return _changed(truth, lambda part: (voxel if part.dim() > 2 else region).expand_as(part).contiguous())


def _changed(truth: Truth, change: Callable[[Tensor], Tensor]) -> Truth:
    """The truth with its volume and its regions changed."""
    present = {name: part for name in ("volume", "regions") if (part := getattr(truth, name)) is not None}
    changed: dict[str, Any] = {name: change(part) for name, part in present.items()}
    return replace(truth, **changed)
