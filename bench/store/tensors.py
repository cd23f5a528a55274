"""Tensors as safetensors in a Zstandard frame, for maps: many are zero outside the brain, or one number a region."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from safetensors.torch import load, save
from torch import Tensor

ZSTANDARD = "zstd"


def write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors by name; the same tensors give the same bytes."""
    data = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    path.write_bytes(pa.compress(data, codec=ZSTANDARD, asbytes=True))


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, bit for bit those that were written."""
    with pa.CompressedInputStream(pa.BufferReader(path.read_bytes()), ZSTANDARD) as stream:
        return load(stream.read())
