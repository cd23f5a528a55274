"""The memory of a device: how much a chunk of images may take, and what is said where it does not suffice."""

import re

import torch

#: bytes that the activations of one chunk may take; larger chunks are slower on a CPU, where their memory is mapped
#: anew at every pass (`make benchmark` has the ratio), and small ones leave most of a GPU without work
BUDGET = 64 * 2**20
GPU_BUDGET = 2 * 2**30
OutOfMemory = torch.cuda.OutOfMemoryError
#: how torch says what it could not have
ASKED = re.compile(r"Tried to allocate ([\d.]+ [KMGT]iB)")


def budget(device: torch.device) -> int:
    """Bytes that the activations of one chunk may take on a device.

    On a GPU always the same, as the last bits of an image's score depend on the size of its batch there; halved only
    until twice as much is free.
    """
    if device.type != "cuda":
        return BUDGET
    size, free = GPU_BUDGET, _free(device)
    while size > BUDGET and 2 * size > free:
        size //= 2
    return size


def _free(device: torch.device) -> int:
    """Bytes that nobody holds, and those that torch holds in this process without use."""
    return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def shortage(error: Exception, device: torch.device, keys: str) -> str:
    """The sentence on a cell that did not fit, with what was asked for last and the keys to lower."""
    asked = ASKED.search(str(error))
    more = f"{asked[1]} more were asked for" if asked else "more was asked for than there is"
    return f"the memory of {device} does not suffice ({more}); lower {keys}, or give device=cpu"
