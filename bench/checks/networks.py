"""Checks that a network keeps its contract."""

from collections.abc import Callable

import torch
from torch import nn

#: builds a network for (in_shape, outputs)
Build = Callable[[tuple[int, int, int], int], nn.Module]
Check = Callable[[Build], None]

SHAPE = (16, 24, 16)


def applicable(build: Build) -> list[Check]:
    """The checks a network has to pass."""
    return [check_outputs, check_batch, check_gradient, check_initialisation, check_reset]


def _images(count: int = 3) -> torch.Tensor:
    return torch.rand(count, 1, *SHAPE, generator=torch.Generator().manual_seed(0))


def _built(build: Build, outputs: int = 2, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(SHAPE, outputs).eval()


def check_outputs(build: Build) -> None:
    """(N, 1, D, H, W) gives finite (N, K) for the K asked for."""
    for outputs in (2, 3):
        found = _built(build, outputs)(_images())
        assert found.shape == (3, outputs), f"outputs have shape {tuple(found.shape)}, not (3, {outputs})"
        assert found.isfinite().all(), "outputs are not finite"


def check_batch(build: Build) -> None:
    """In evaluation mode an image's outputs do not depend on its batch."""
    model, images = _built(build), _images()
    with torch.no_grad():
        together, apart = model(images), torch.cat([model(image[None]) for image in images])
    assert torch.allclose(together, apart, rtol=1e-4, atol=1e-5), "outputs of an image depend on its batch"


def check_gradient(build: Build) -> None:
    """Some weights change: training has something to learn, and every trained weight reaches the outputs."""
    model = _built(build).train()
    model(_images()).square().sum().backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None]
    assert not silent, f"no gradient reaches {silent[0]}"


def check_initialisation(build: Build) -> None:
    """The same seed gives the same weights, another seed others."""
    first, again, other = (_weights(_built(build, seed=s)) for s in (0, 0, 1))
    assert torch.equal(first, again), "the same seed gives other weights: draw from torch's global generator"
    assert not torch.equal(first, other), "another seed gives the same weights"


def check_reset(build: Build) -> None:
    """Every module with weights of its own can draw them anew, which randomisation needs."""
    for name, module in _built(build).named_modules():
        own = list(module.parameters(recurse=False))
        assert not own or hasattr(module, "reset_parameters"), f"{name or 'the network'} has no reset_parameters"


def _weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])
