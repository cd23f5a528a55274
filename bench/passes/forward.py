"""Forward passes and gradients in evaluation mode, in chunks, leaving the model as it was found."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from math import ceil

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from bench.contracts import BadInput, Target, Unsupported
from bench.devices.memory import OutOfMemory, budget
from bench.passes.scores import explained, one_tensor, rows_of

#: float volumes a network is taken to hold for one image
VOLUMES = 128
#: images of the smallest chunk
LEAST = 2


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """The model in evaluation mode; every module's own training flag comes back, also after an error.

    Raises Unsupported where a batch norm keeps no running statistics, so that a row would depend on its batch.
    """
    for name, module in model.named_modules():
        if isinstance(module, _BatchNorm) and module.running_mean is None:
            raise Unsupported(
                f"the batch norm '{name}' keeps no running statistics, so that an image's score depends on its batch; "
                "build it with track_running_stats=True"
            )
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, flag in flags:
            module.training = flag


@contextmanager
def differentiable(model: nn.Module) -> Iterator[nn.Module]:
    """As `evaluating`, with gradients recorded even inside an outer `no_grad` or `inference_mode`."""
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        yield model


def leaf(model: nn.Module, images: Tensor) -> Tensor:
    """A detached copy of the images, laid out for the model, whose gradient can be asked for.

    Call it inside `differentiable`. The caller's tensor and the parameters keep their flags and their `.grad`.
    """
    return laid_out(model, images.detach().clone()).requires_grad_()


def forward(model: nn.Module, images: Tensor, batch: int | None = None) -> Tensor:
    """Outputs (N, K) of images (N, 1, D, H, W) without gradients; `batch` rows at a time, by default what fits."""

    def work(rows: Tensor) -> Tensor:
        return one_tensor(model(laid_out(model, images[rows].detach()))).to(images.device)

    with evaluating(model), torch.no_grad():
        return in_chunks(images, work, batch, device_of(model))


def gradient(
    model: nn.Module,
    images: Tensor,
    target: Target,
    run: Callable[[Tensor], Tensor] | None = None,
    batch: int | None = None,
) -> Tensor:
    """Gradient (N, 1, D, H, W) of the explained score with respect to the images, detached and contiguous.

    run: the pass to differentiate, `model` itself by default; modified backward passes put their own here.
    Raises Unsupported where the score has no gradient with respect to the image.
    """

    def work(rows: Tensor) -> Tensor:
        x = leaf(model, images[rows])
        score = explained((run or model)(x), rows_of(target, rows, images))
        return derivative(score, x).to(images)

    with differentiable(model):
        return in_chunks(images, work, batch, device_of(model))


def derivative(score: Tensor, at: Tensor) -> Tensor:
    """Gradient of the summed score (N,) with respect to `at`; rows do not mix, so each keeps its own."""
    if score.requires_grad:
        (slope,) = torch.autograd.grad(score.sum(), at, allow_unused=True)
        if slope is not None:
            return slope.detach().contiguous()
    raise Unsupported("the score has no gradient here: the network detaches it, or computes it outside autograd")


def in_chunks(
    images: Tensor, work: Callable[[Tensor], Tensor], batch: int | None = None, device: torch.device | None = None
) -> Tensor:
    """`work(rows)` over chunks of row numbers, concatenated; a chunk that the device has no memory for is halved.

    device: where the work is done, by default where the images lie. A lone row is worked twice and kept once:
    convolution kernels treat batches of one differently, and the last bits of a row would then depend on its company.
    """
    if len(images) == 0:
        raise BadInput("there are no images to pass through the network; give at least one")
    size = batch or max(LEAST, budget(device or images.device) // (VOLUMES * 4 * images[0].numel()))
    while (outputs := _worked(len(images), work, size)) is None:
        size = max(LEAST, min(size, len(images)) // 2)
    return outputs


def _worked(count: int, work: Callable[[Tensor], Tensor], size: int) -> Tensor | None:
    """The work on chunks of a size; None where that is too large for the memory, and a smaller one may not be."""
    parts = []
    try:
        for rows in torch.arange(count).tensor_split(ceil(count / size)):
            paired = rows if len(rows) > 1 else rows.repeat(2)
            parts.append(work(paired)[: len(rows)])
        return torch.cat(parts)
    except OutOfMemory:
        if min(size, count) <= LEAST:
            raise
        return None


def laid_out(model: nn.Module, images: Tensor) -> Tensor:
    """Images (N, 1, D, H, W) on the model's device, in the layout of its weights.

    Raises BadInput where an image has several channels: a map has one.
    """
    if images.ndim != 5 or images.shape[1] != 1:
        raise BadInput(f"images have shape {tuple(images.shape)}; give (N, 1, D, H, W), one channel")
    return images.to(device_of(model) or images.device, memory_format=layout_of(list(model.parameters())))


def device_of(model: nn.Module) -> torch.device | None:
    """Where a model's parameters and buffers lie; None for one without any, which works wherever its images lie."""
    first = next(chain(model.parameters(), model.buffers()), None)
    return None if first is None else first.device


def layout_of(parameters: Sequence[Tensor]) -> torch.memory_format:
    """Channels last where a 3D convolution's weights are, as `bench.training` lays them; contiguous elsewhere."""
    last = torch.channels_last_3d
    volumes = [p for p in parameters if p.ndim == 5 and not p.is_contiguous()]
    return last if any(p.is_contiguous(memory_format=last) for p in volumes) else torch.contiguous_format
