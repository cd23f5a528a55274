"""Building the network of a unit: what its YAML says, and what it must know of the simulator."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import nn

from bench.config.build import build, resolve


def architecture(node: Mapping[str, Any], simulator: Any, trusted: Sequence[str]) -> Callable[[], nn.Module]:
    """Builds the untrained network that a node describes, for the images and outputs of a simulator.

    A network whose constructor names `regions` is given the simulator's `atlas`, None where it offers none; one that
    names `region_names` is given these.
    Each call draws weights from torch's global generator; it raises BadInput for a grid or argument that cannot be.
    """
    allowed = ("bench.networks", *trusted)
    known = {"in_shape": simulator.shape, "outputs": simulator.outputs}
    asked = inspect.signature(resolve(node, allowed, "network")).parameters
    known |= {"regions": simulator.atlas} if "regions" in asked else {}
    known |= {"region_names": simulator.region_names} if "region_names" in asked else {}
    return partial(build, node, (), allowed, "network", **known)
