"""Random streams of the metrics, kept apart from those of the methods they judge."""

import zlib

import torch

from bench.contracts import Context


def stream(context: Context, row: int, name: str) -> torch.Generator:
    """A generator for the subject in this row and the user `name`.

    A method draws from `context.generator(row)`; drawing from the same stream here would correlate a perturbation
    with the noise of the method it is applied to.
    """
    seed = context.generator(row).initial_seed() ^ zlib.crc32(name.encode())
    return torch.Generator().manual_seed(seed)
