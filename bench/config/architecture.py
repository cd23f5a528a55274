"""Building the network of a unit: what its YAML says, and what it must know of the simulator."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from bench.config.build import Unmade, build, resolve
from bench.contracts import BadInput

#: in single precision, with their gradients and what the optimiser keeps of each, 16 GB
MOST_PARAMETERS = 10**9


def architecture(node: Mapping[str, Any], simulator: Any, trusted: Sequence[str]) -> Callable[[], nn.Module]:
    """Builds the untrained network that a node describes, for the images and outputs of a simulator.

    A network whose constructor names `regions` is given the simulator's `atlas`, None where it offers none; one that
    names `region_names` is given these.
    Each call draws weights from torch's global generator; it raises BadInput for a grid or argument that cannot be.
    """
    return partial(build, node, (), ("bench.networks", *trusted), "network", **learnt_of(node, simulator, trusted))


def learnt_of(node: Mapping[str, Any], simulator: Any, trusted: Sequence[str]) -> dict[str, Any]:
    """What the constructor of a network is told of the simulator, by name of the argument."""
    asked = inspect.signature(resolve(node, ("bench.networks", *trusted), "network")).parameters
    facts = {"regions": simulator.atlas, "region_names": simulator.region_names}
    shape = {"in_shape": simulator.shape, "outputs": simulator.outputs}
    return {**shape, **{name: value for name, value in facts.items() if name in asked}}


class _Undrawn(TorchFunctionMode):
    """Tensors without numbers stay as they are where normal ones are drawn, for which torch imports its compiler."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return args[0] if func in (torch.Tensor.normal_, nn.init.normal_) else func(*args, **(kwargs or {}))


def check_parameters(key: str, make: Callable[[], nn.Module]) -> None:
    """Raise BadInput for a network of more parameters than memory holds, without making them."""
    if (count := parameters(make)) > MOST_PARAMETERS:
        raise BadInput(f"{key} has {count} parameters, at most {MOST_PARAMETERS} are possible; give smaller sizes")


def parameters(make: Callable[[], nn.Module]) -> int:
    """The number of a network's parameters, without making them; 0 where they are not known before."""
    try:
        with torch.device("meta"), _Undrawn():
            return sum(p.numel() for p in make().parameters())
    except Exception as error:  # what reads the numbers that it is made with cannot be made without them
        if isinstance(error, BadInput) and not isinstance(error, Unmade):
            raise
        return 0
