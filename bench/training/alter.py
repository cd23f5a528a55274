"""Changes of the training subjects that variants of training ask for: covered images, permuted labels."""

from dataclasses import replace

import torch
from torch import Tensor

from bench.contracts import Batch
from bench.training.images import Images


def cover(images: Tensor, share: float, by: str, draw: torch.Generator) -> Tensor:
    """Images (N, 1, D, H, W), a random box of each covered with probability `share`.

    A box has its own length along each axis, from 2 voxels to half of it, so that images occluded by a box of such a
    size are no news to the network (occlusion otherwise asks it about images unlike any it has seen).
    by: `zero`, `mean` (of the image) or `noise` (normal, of the image's mean and standard deviation).
    """
    covered = images.clone()
    for image in covered:
        if torch.rand((), generator=draw) < share:
            x, y, z = (_side(n, draw) for n in image.shape[1:])
            image[:, x, y, z] = _filled(image, by, draw)[:, x, y, z]
    return covered


def _side(length: int, draw: torch.Generator) -> slice:
    size = int(torch.randint(2, max(3, length // 2 + 1), (), generator=draw))
    start = int(torch.randint(0, length - size + 1, (), generator=draw))
    return slice(start, start + size)


def _filled(image: Tensor, by: str, draw: torch.Generator) -> Tensor:
    if by == "zero":
        return torch.zeros_like(image)
    if by == "mean":
        return image.mean().expand_as(image)
    return image.mean() + image.std() * torch.randn(image.shape, generator=draw)


def permute(images: Images, draw: torch.Generator) -> Images:
    """Training labels in a random order over the same images (Adebayo et al. 2018, arXiv:1810.03292).

    What is learnt of them is learnt by heart, so validation is on training subjects.
    """
    order = torch.randperm(len(images.train), generator=draw)
    train: Batch = replace(images.train, targets=images.train.targets[order])
    return images._replace(train=train, validation=train.take(torch.arange(min(len(train), len(images.validation)))))
