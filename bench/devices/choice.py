"""The device that models run on, chosen by name; one that is not there is refused, and nothing takes its place."""

import os
import platform
import re
import warnings

import torch

from bench.contracts import BadInput
from bench.contracts.arguments import impossible

NAME = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")
#: what torch says of each operation that it cannot repeat to the bit, which the stated tolerance covers
UNREPEATABLE = ".*does not have a deterministic implementation"


def check(name: str) -> None:
    """Refuse what names no device; raises BadInput."""
    if not NAME.fullmatch(name):
        raise impossible("", "device", name, "auto, cpu, cuda, cuda:N or mps")


def chosen_device(name: str, place: int = 0) -> torch.device:
    """The device of that name.

    `auto` is CUDA where there is any, else the CPU; never mps, which lacks float64. place: of a unit in its study;
    where there are several GPUs, `cuda` and `auto` deal units out to them in turn.

    Raises:
        BadInput: for one that this machine does not have, saying what it has.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    name = ("cuda" if count else "cpu") if name == "auto" else name
    if name == "cuda" and count:
        return torch.device("cuda", place % count)
    device = torch.device(name)
    absent = {"cuda": (device.index or 0) >= count, "mps": not torch.backends.mps.is_available(), "cpu": False}
    if absent[device.type]:
        there = ", ".join([*(f"cuda:{number}" for number in range(count)), "cpu"])
        raise BadInput(f"device={name} is not possible: give one that torch {torch.__version__} finds here, {there}")
    return device


def machine_with(device: torch.device) -> str:
    """Kind of machine and of device, for provenance, e.g. `x86_64 cpu, 8 cores`, `x86_64 cuda NVIDIA H200, 8 cores`."""
    model = f" {torch.cuda.get_device_name(device)}" if device.type == "cuda" else ""
    return f"{platform.machine()} {device.type}{model}, {os.cpu_count()} cores"


def prepare(device: torch.device) -> None:
    """Make this process compute as exactly on a GPU as torch can: float32 throughout, and the same at every call.

    Some operations, pooling in three dimensions among them, add up in no fixed order on CUDA.
    """
    if device.type != "cuda":
        return
    # read when the first matrix is multiplied
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.cuda.set_device(device)
    torch.use_deterministic_algorithms(True, warn_only=True)
    warnings.filterwarnings("ignore", message=UNREPEATABLE)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
