"""Layers of a model given fresh weights, whatever their weights are written through."""

import copy
import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import _SpectralNorm
from torch.nn.utils.parametrize import ParametrizationList, is_parametrized, type_before_parametrizations
from torch.nn.utils.spectral_norm import SpectralNorm, remove_spectral_norm
from torch.nn.utils.weight_norm import WeightNorm, remove_weight_norm

from bench.contracts import Unsupported
from bench.devices.moving import copied

#: steps of the power method from random vectors, as a new spectral norm of torch takes
_STEPS = 15


def own_parameters(module: nn.Module) -> list[nn.Parameter]:
    """Parameters of a module itself, those that its parametrisations write a weight from included."""
    lists: list[nn.Module] = list(module.parametrizations.values()) if is_parametrized(module) else []  # type: ignore
    return [parameter for part in (module, *lists) for parameter in part.parameters(recurse=False)]


def reset_of(module: nn.Module) -> Callable[[], object] | None:
    """What draws the weights of a module anew, None where it has nothing that does.

    Attention of torch has it under a private name, and writes into the layer that it owns, which is reset by itself.
    """
    public = getattr(module, "reset_parameters", None)
    if callable(public):
        return public
    return partial(_reset_attention, module) if isinstance(module, nn.MultiheadAttention) else None


def belongs_to_owner(module: nn.Module) -> bool:
    """True for what torch keeps of a parametrisation: it is reset with the module whose weight it writes."""
    return isinstance(module, ParametrizationList) or type(module).__module__ == _SpectralNorm.__module__


def with_fresh_layers(model: nn.Module, names: Iterable[str], seed: int) -> nn.Module:
    """A copy of the model whose named modules are initialised anew; the model itself is not touched.

    Each module runs its own `reset_parameters` under a seed made of `seed` and its name: two layers of one shape
    differ, and a layer gets the same weights whichever others are reset. Batch normalisation resets its running
    statistics too. The global random state is left as it was.

    Raises:
        Unsupported: for a parametrisation that cannot be given a weight (it has no `right_inverse`).
    """
    fresh = copied(model)
    modules = dict(fresh.named_modules())
    device = next(model.parameters()).device
    fresh.cpu()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        for name in names:
            torch.manual_seed(_seed(seed, name))
            _reset(modules[name], name)
    return fresh.to(device)


def unreset(model: nn.Module, names: Iterable[str]) -> list[str]:
    """Names of the floating-point parameters of more than one axis that a reset of the named modules leaves alone.

    Tried on a copy in which every parameter is moved, so that one which starts from zeros is seen to be reset.
    """
    moved, draw = copied(model), torch.Generator().manual_seed(0)
    before = {n: p for n, p in moved.named_parameters() if p.is_floating_point()}
    with torch.no_grad():
        for parameter in before.values():
            parameter.add_(torch.rand(parameter.shape, generator=draw).to(parameter))
    after = dict(with_fresh_layers(moved, names, 0).named_parameters())
    return [name for name, old in before.items() if old.dim() > 1 and torch.equal(old, after[name])]


def _seed(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little") >> 1


def _reset(module: nn.Module, name: str) -> None:
    """Initialise one module; a weight that is computed is drawn in a copy that has it as a plain parameter."""
    parametrised = list(module.parametrizations) if is_parametrized(module) else []  # type: ignore[arg-type]
    hooks = list(_norms(module))
    if not parametrised and not hooks:
        _draw(module)
        return
    plain = _plain(module, parametrised)
    _draw(plain)
    module.load_state_dict(plain.state_dict(), strict=False)
    for weight in parametrised:
        _write(module, weight, getattr(plain, weight), name)
    for hook in hooks:
        _write_through(hook, module, getattr(plain, hook.name))


def _draw(module: nn.Module) -> None:
    draw = reset_of(module)
    assert draw
    draw()


def _reset_attention(module: nn.MultiheadAttention) -> None:
    projected = copy.deepcopy(module.out_proj.state_dict())
    module._reset_parameters()
    module.out_proj.load_state_dict(projected)


def _plain(module: nn.Module, parametrised: Iterable[str]) -> nn.Module:
    """A copy of a module in which every weight is a parameter of its own."""
    plain = copied(module)
    if is_parametrized(plain):
        # torch's own removal takes the weight from the class, which the copy shares with the module
        plain.__class__ = type_before_parametrizations(module)
        del plain.parametrizations
    for weight in parametrised:
        plain.register_parameter(weight, nn.Parameter(getattr(module, weight).detach().clone()))
    for hook in list(_norms(plain)):
        (remove_weight_norm if isinstance(hook, WeightNorm) else remove_spectral_norm)(plain, hook.name)
    return plain


def _norms(module: nn.Module) -> Iterator[WeightNorm | SpectralNorm]:
    """The hooks that compute a weight of the module before each pass."""
    return (h for h in module._forward_pre_hooks.values() if isinstance(h, WeightNorm | SpectralNorm))


def _write(module: nn.Module, weight: str, value: Tensor, name: str) -> None:
    """Make a parametrised weight of a module a value, as far as the parametrisation can."""
    parts: ParametrizationList = module.parametrizations[weight]  # type: ignore
    norms = [part for part in parts if isinstance(part, _SpectralNorm)]
    for vector in (buffer for norm in norms for buffer in norm.buffers()):
        vector.normal_()
    try:
        setattr(module, weight, value.detach())
    except (RuntimeError, NotImplementedError) as error:
        raise Unsupported(f"layer {name!r}: its parametrisation of {weight!r} takes no new weight ({error})") from error
    for norm in norms:
        mode = norm.training
        norm.train()
        for _ in range(_STEPS):
            norm(parts.original)
        norm.train(mode)


def _write_through(hook: WeightNorm | SpectralNorm, module: nn.Module, value: Tensor) -> None:
    """Make the weight that a hook normalises a value."""

    def kept(part: str) -> Tensor:
        tensor: Tensor = getattr(module, f"{hook.name}_{part}")
        return tensor

    if isinstance(hook, WeightNorm):
        kept("g").copy_(torch.norm_except_dim(value, 2, hook.dim))
        kept("v").copy_(value)
        weight = hook.compute_weight(module)
    else:
        kept("orig").copy_(value)
        kept("u").normal_()
        for _ in range(_STEPS):
            weight = hook.compute_weight(module, do_power_iteration=True)
    setattr(module, hook.name, weight.detach())
