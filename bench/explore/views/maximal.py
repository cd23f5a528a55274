"""Images that excite a channel most: among subjects, and among all images."""

import pandas as pd
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from bench.contracts import BadInput
from bench.explore.views.layers import activations
from bench.passes.forward import derivative, differentiable, leaf


def subjects(model: nn.Module, images: Tensor, layer: str, count: int = 3) -> pd.DataFrame:
    """The images (N, 1, D, H, W) that excite each channel of a layer most, and where.

    Columns channel, rank (1 for the most), row (position among the images), activation, and x, y, z: the voxel of the
    image at the middle of what the strongest activation stands for (-1 in a layer without space).
    """
    activity = activations(model, images, layer)
    peaks, places = activity.flatten(2).max(2) if activity.ndim == 5 else (activity, torch.zeros_like(activity).long())
    rows = []
    for channel in range(peaks.shape[1]):
        for rank, row in enumerate(peaks[:, channel].argsort(descending=True, stable=True)[:count].tolist(), start=1):
            place = _voxel(int(places[row, channel]), activity.shape[2:], images.shape[2:])
            rows.append((channel, rank, row, float(peaks[row, channel]), *place))
    return pd.DataFrame(rows, columns=["channel", "rank", "row", "activation", "x", "y", "z"])


def _voxel(place: int, grid: torch.Size, shape: torch.Size) -> tuple[int, ...]:
    if not grid:
        return (-1, -1, -1)
    at = [int(a) for a in torch.unravel_index(torch.tensor(place), tuple(grid))]
    return tuple(int((a + 0.5) * n / g) for a, n, g in zip(at, shape, grid, strict=True))


def maximise(
    model: nn.Module, start: Tensor, layer: str, channel: int, radius: float = 0.1, sigma: float = 1.0, steps: int = 32
) -> tuple[Tensor, list[float]]:
    """An image (1, 1, D, H, W) near `start` that excites a channel, and its mean activation before every step.

    Gradient ascent (Simonyan, Vedaldi & Zisserman 2014, arXiv:1312.6034) within `radius`, the root mean square of the
    change in units of the images; each step is the gradient smoothed by `sigma` voxels, without which the change is a
    lattice of single voxels. From the mean brain, the change says what the channel looks for.

    Raises:
        BadInput: where `start` is not one image, or the channel does not depend on it.
    """
    if len(start) != 1:
        raise BadInput(f"activation maximisation starts from one image; got {len(start)}")
    module, kept = dict(model.named_modules())[layer], list[Tensor]()
    hook, change, course = module.register_forward_hook(lambda m, i, o: kept.append(o)), torch.zeros_like(start), []
    try:
        with differentiable(model):
            for _ in range(steps):
                x = leaf(model, start + change)
                model(x)
                score = kept[-1][:, channel].mean()
                course.append(score.item())
                uphill = gaussian_filter(derivative(score[None], x).numpy(), (0, 0, sigma, sigma, sigma))
                if not uphill.any():
                    raise BadInput(f"channel {channel} of {layer} does not depend on the image here; choose another")
                change = _shortened(change + 4 * radius / steps * _unit(torch.from_numpy(uphill)), radius)
                kept.clear()
    finally:
        hook.remove()
    return start + change, course


def _unit(change: Tensor) -> Tensor:
    return change / change.square().mean().sqrt()


def _shortened(change: Tensor, radius: float) -> Tensor:
    return change * min(1.0, radius / float(change.square().mean().sqrt()))
