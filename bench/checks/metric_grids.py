"""Grids and domains: where an axis points, which comes first, and what lies around must not matter to a score."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from bench.checks import metric_values as given
from bench.checks.metric_probe import MetricProbe, gradient_input, probe
from bench.contracts import Context


def axes_have_no_direction(metric: Any) -> None:
    """A world seen in a mirror scores the same, with maps full of ties: no tie is broken by the order of voxels."""
    world = replace(probe(), maps=probe().maps.round())
    _same_seen(metric, world, lambda volume: volume.flip(-1), "the direction of an axis")


def axes_have_no_order(metric: Any) -> None:
    """A world whose axes, each of another length, change places scores the same."""
    _same_seen(metric, probe(), lambda volume: volume.movedim(-1, -3).contiguous(), "the order of the axes")


def domain_is_respected(metric: Any) -> None:
    """Maps outside the domain change no column."""
    world = probe()
    beyond = 100.0 * (1 + torch.arange(len(world.cohort)))[:, None, None, None, None] * ~world.cohort.domain

    def says_more(model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
        return gradient_input(model, inputs, context) + beyond

    louder = replace(world, maps=world.maps + beyond, retrained=world.retrained + beyond)
    louder_values = given.values(metric, louder, explain=says_more)
    for name, values in given.values(metric, world).items():
        given.same(values.flatten(), louder_values[name].flatten(), f"{name!r} depends on the map outside the domain")


def section_scores_as_volume(metric: Any) -> None:
    """A volume that is constant along an axis scores as its section, one voxel thick, does."""
    middle = probe().grid[-1] // 2
    section = probe().moved(lambda volume: volume.narrow(-1, middle, 1).contiguous())
    _same_seen(metric, section, lambda volume: volume.repeat_interleave(3, dim=-1), "thickness, where nothing varies")


def _same_seen(metric: Any, world: MetricProbe, change: Callable[[Tensor], Tensor], what: str) -> None:
    seen = given.values(metric, world.moved(change))
    for name, values in given.values(metric, world).items():
        given.same(values.flatten(), seen[name].flatten(), f"{name!r} depends on {what}")
