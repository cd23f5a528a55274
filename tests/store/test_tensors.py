"""Tensors in a compressed file: bit for bit, the same bytes at every writing, and less than they hold."""

import torch
from safetensors.torch import save_file

from bench.stages.attribute import ATTRIBUTE
from bench.store import tensors


def test_what_is_read_is_what_was_written_bit_for_bit(tmp_path):
    noise = torch.randn(3, 1, 5, 6, 7, generator=torch.Generator().manual_seed(0))
    kept = {"map": noise.transpose(-1, -2), "gap": torch.tensor([0.0, -0.0, float("nan")])}
    tensors.write(tmp_path / "a", kept)
    read = tensors.read(tmp_path / "a")
    assert read.keys() == kept.keys()
    for name, tensor in kept.items():
        assert torch.equal(read[name].view(torch.int32), tensor.contiguous().view(torch.int32)), name
    tensors.write(tmp_path / "b", kept)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_maps_of_a_few_values_take_a_fraction_of_their_bytes(tmp_path):
    maps = torch.zeros(16, 1, 24, 32, 24)
    maps[..., 8:16, 8:16, 8:16] = torch.arange(16.0).view(-1, 1, 1, 1, 1)
    tensors.write(tmp_path / "maps", {"map": maps})
    assert (tmp_path / "maps").stat().st_size < 0.05 * maps.nbytes


def test_maps_of_a_store_of_before_are_read(tmp_path):
    maps = torch.arange(8.0).view(2, 1, 1, 2, 2)
    save_file({"map": maps}, tmp_path / "maps.safetensors")
    assert torch.equal(ATTRIBUTE.read(tmp_path, None, None).map, maps)
