"""States that a plug-in must leave as they are: a model's and the global random ones."""

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def seed_all(seed: int) -> None:
    """Seeds torch, NumPy and Python."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def random_state() -> tuple[Any, ...]:
    """The global random states, comparable."""
    kind, keys, *rest = np.random.get_state()
    return torch.get_rng_state().tolist(), (kind, np.asarray(keys).tolist(), *rest), random.getstate()


#: the mend of most that a backward pass leaves behind
IN_PLACE_OF_BACKWARD = (
    "ask torch.autograd.grad for it, on a copy of the images, and call no .backward(): bench.passes.gradient does that"
)
EVALUATING = "open bench.passes.evaluating(model)"
#: by what is changed, how it comes about and what to do
_MENDS = {
    "parameters or buffers": f"a pass in training mode moves running statistics; {EVALUATING}",
    "gradients": f"a .backward() fills the .grad of every parameter; {IN_PLACE_OF_BACKWARD}",
    "training flags": f".eval() and .train() stay after the call; {EVALUATING}",
    "hooks": "remove each in a `finally`",
}

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def state(model: nn.Module) -> dict[str, Any]:
    """Everything of a model that a method could leave changed."""
    modules = dict(model.named_modules())
    parameters = dict(model.named_parameters())
    return {
        "parameters or buffers": {name: value.clone() for name, value in model.state_dict().items()},
        "gradients": {name: p.grad is None for name, p in parameters.items()},
        "requires_grad flags": {name: p.requires_grad for name, p in parameters.items()},
        "training flags": {name: module.training for name, module in modules.items()},
        "hooks": {name: [len(getattr(module, hooks)) for hooks in _HOOKS] for name, module in modules.items()},
        "modules": {name: id(module) for name, module in modules.items()},
        "attributes": {name: sorted(vars(module)) for name, module in modules.items()},
    }


def unchanged(before: dict[str, Any], after: dict[str, Any], when: str) -> None:
    """Fails naming what changed, and how that comes about."""
    changed = [what for what, values in before.items() if not _same(values, after[what])]
    why = [f": {_MENDS[what]}" for what in changed if what in _MENDS]
    assert not changed, f"{' and '.join(changed)} of the model are not as they were {when}{''.join(why)}"


def _same(values: dict[str, Any], now: dict[str, Any]) -> bool:
    return values.keys() == now.keys() and all(
        torch.equal(value, now[name]) if isinstance(value, Tensor) else value == now[name]
        for name, value in values.items()
    )
