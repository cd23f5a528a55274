"""Transfer: training that goes on from the weights of another model of the same architecture."""

from collections.abc import Mapping

from torch import Tensor, nn

from bench.contracts import BadInput


def transfer(model: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """Give a model the state of another; returns the names of what stays as it was.

    What stays is a readout of another number of outputs: a tensor that differs from its counterpart in the first
    dimension alone. A hidden layer of another width differs in what reads from it too.

    Raises:
        BadInput: for a state of another architecture or grid, naming the first tensor that does not fit.
    """
    fresh = model.state_dict()
    for name in sorted({*fresh, *state}):
        if name not in fresh or name not in state or fresh[name].shape[1:] != state[name].shape[1:]:
            shapes = [tuple(s[name].shape) if name in s else "absent" for s in (fresh, state)]
            raise BadInput(
                f"training cannot go on from a model of another architecture: '{name}' is {shapes[0]} here and "
                f"{shapes[1]} there; pre-train the same network on images of the same grid"
            )
    new = [name for name in fresh if fresh[name].shape != state[name].shape]
    model.load_state_dict({name: fresh[name] if name in new else state[name] for name in fresh})
    return new
