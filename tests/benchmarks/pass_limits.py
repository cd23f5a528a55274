"""How near passes come to what the machine can do; written to results/benchmarks/limits_of_passes.csv.

The least time of an operation is that of its arithmetic at the machine's convolution peak, or of its volumes through
memory, whichever is longer (the roofline: Williams, Waterman & Patterson 2009, doi:10.1145/1498765.1498785). For every
network and kind of pass: the share of the convolution peak that is reached, the share of the least time in the time
that was taken, and the share of that least time which memory decides.

python tests/benchmarks/pass_limits.py
"""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry
from training_speed import BATCH, ROOT, SHAPE, networks, peak, seconds, stepper

TABLE = ROOT / "results" / "benchmarks" / "limits_of_passes.csv"
#: bytes of the volumes whose copy tells how fast memory is: those between the first layers of a batch
COPIED = 4 * BATCH * 8 * SHAPE[0] * SHAPE[1] * SHAPE[2]


class LeastTime(TorchDispatchMode):
    """Sums over the operations within: flops, least seconds, and those of them that memory decides."""

    def __init__(self, flops: float, bandwidth: float) -> None:
        super().__init__()
        self.peak, self.bandwidth = flops, bandwidth
        self.flops = self.least = self.memory = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            count = flop_registry.get(func._overloadpacket)
            flops = float(count(*args, **(kwargs or {}), out_val=out)) if count else 0.0
            moved = sum(t.nbytes for t in tree_leaves((args, kwargs, out)) if isinstance(t, Tensor)) / self.bandwidth
            self.flops += flops
            self.least += max(flops / self.peak, moved)
            self.memory += moved if moved > flops / self.peak else 0.0
        return out


def bandwidth() -> float:
    """Bytes a second that a copy of a volume reads and writes."""
    source = torch.rand(COPIED // 4)
    target = torch.empty_like(source)
    return 2 * COPIED / seconds(lambda: target.copy_(source))


def passes(model: nn.Module) -> Iterator[tuple[str, Callable[[], object]]]:
    """Kinds of passes on a batch: forward without gradients, forward and back to the image, a step of training."""
    images = torch.rand(BATCH, 1, *SHAPE).contiguous(memory_format=torch.channels_last_3d)
    ready = model.to(memory_format=torch.channels_last_3d).eval().requires_grad_(False)

    def forward() -> object:
        with torch.no_grad():
            return ready(images)

    def backward() -> object:
        asked = images.clone().requires_grad_()
        return torch.autograd.grad(ready(asked)[:, 0].sum(), asked)

    yield "forward", forward
    yield "gradient", backward
    yield "training step", stepper(model.requires_grad_(True), torch.channels_last_3d)


def rows() -> Iterator[dict[str, Any]]:
    """Every line of the table."""
    top, fast = peak(), bandwidth()
    for name, model in networks():
        for kind, work in passes(model):
            took = seconds(work)
            with LeastTime(top, fast) as least:
                work()
            yield {
                "network": name,
                "pass": kind,
                "peak_share": round(least.flops / took / top, 2),
                "limit_share": round(least.least / took, 2),
                "memory_share": round(least.memory / least.least, 2),
            }


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    table = pd.DataFrame(rows())
    table.to_csv(TABLE, index=False, lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
