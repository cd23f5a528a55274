"""Speed of training as ratios within one run, written to results/benchmarks/training.csv.

For every shipped network: one training step with images laid out channels first over channels last, and the share of
the machine's convolution peak that a step reaches; then two workers side by side over one; several small models at once
over one after another, where there is a GPU; then what torch.compile gains, where there is a compiler.

python tests/benchmarks/training_speed.py
"""

import copy
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import torch
from omegaconf import OmegaConf
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.config.architecture import architecture
from bench.contracts.plugins import SelfFitting

ROOT = Path(__file__).parents[2]
BATCH, SHAPE = 8, (24, 32, 24)
#: the same steps are timed this often; the fastest counts
REPEATS = 3
SETTLED = 0.2


class Grid:
    """What a network must know of a simulator: a grid in octants."""

    shape, outputs = SHAPE, 2
    atlas = torch.ones(SHAPE, dtype=torch.int64)
    atlas[: SHAPE[0] // 2] += 1
    atlas[:, : SHAPE[1] // 2] += 2
    atlas[:, :, : SHAPE[2] // 2] += 4
    # the first five are those that networks of conf/network name
    region_names = (
        *("left hippocampus", "right hippocampus", "right insula", "left superior frontal gyrus"),
        *("right precentral gyrus", "left insula", "left precentral gyrus", "right superior frontal gyrus"),
    )


def seconds(work: Callable[[], object]) -> float:
    """The fastest call, after one to warm up; a call is repeated until it lasts long enough for the clock."""
    start = time.perf_counter()
    work()
    count = max(1, round(SETTLED / (time.perf_counter() - start)))
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(count):
            work()
        times.append((time.perf_counter() - start) / count)
    return min(times)


def networks() -> Iterator[tuple[str, nn.Module]]:
    """Every shipped network that learns by gradient descent."""
    for path in sorted((ROOT / "conf" / "network").glob("*.yaml")):
        torch.manual_seed(0)
        made = architecture(OmegaConf.to_container(OmegaConf.load(path)), Grid(), ())()
        if not isinstance(made, SelfFitting):
            yield path.stem, made


def stepper(
    model: nn.Module, layout: torch.memory_format, count: int = BATCH, device: str = "cpu"
) -> Callable[[], None]:
    """A training step on a batch in a memory layout."""
    images = torch.rand(count, 1, *SHAPE, device=device).contiguous(memory_format=layout)
    targets = torch.arange(count, device=device) % 2
    model = copy.deepcopy(model).to(device, memory_format=layout).train()
    optimiser = torch.optim.AdamW(model.parameters(), 1e-3)

    def step() -> None:
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images), targets).backward()
        optimiser.step()

    return step


def flops(step: Callable[[], None]) -> int:
    """Floating-point operations of a step, those of convolutions and matrix products."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def peak() -> float:
    """Operations a second of the best of a few large convolutions with many channels, forward only."""
    best = 0.0
    for channels in (32, 64):
        layer = nn.Conv3d(channels, channels, 3, padding=1, bias=False).to(memory_format=torch.channels_last_3d)
        images = torch.rand(4, channels, 24, 24, 24).contiguous(memory_format=torch.channels_last_3d)
        with torch.no_grad():
            work = 2 * layer.weight.numel() * 4 * 24**3
            best = max(best, work / seconds(lambda layer=layer, images=images: layer(images)))
    return best


def train_alone(name: str, steps: int) -> float:
    """Seconds of some training steps of a network in this process, one thread."""
    torch.set_num_threads(1)
    step = stepper(dict(networks())[name], torch.channels_last_3d)
    step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return time.perf_counter() - start


def side_by_side(name: str = "gap_cnn", steps: int = 100) -> float:
    """Units that two workers finish over units that one finishes, in the same time; 2 is perfect."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        alone = pool.submit(train_alone, name, steps).result()
        both = [pool.submit(train_alone, name, steps) for _ in range(2)]
        return 2 * alone / max(one.result() for one in both)


def streamed(name: str = "gap_cnn", models: int = 8, steps: int = 20) -> float:
    """Small models trained one after another over all at once, each on a stream of its own; NaN without a GPU."""
    if not torch.cuda.is_available():
        return float("nan")
    made = [stepper(dict(networks())[name], torch.channels_last_3d, device="cuda") for _ in range(models)]
    streams = [torch.cuda.Stream() for _ in made]

    def in_turn() -> None:
        for step in made:
            for _ in range(steps):
                step()
        torch.cuda.synchronize()

    def at_once() -> None:
        for _ in range(steps):
            for step, stream in zip(made, streams, strict=True):
                with torch.cuda.stream(stream):
                    step()
        torch.cuda.synchronize()

    return seconds(in_turn) / seconds(at_once)


def compiled(model: nn.Module) -> float:
    """A step as it is over a step compiled; NaN where there is no compiler."""
    try:
        fast = seconds(stepper(torch.compile(copy.deepcopy(model)), torch.channels_last_3d))
    except RuntimeError:
        return float("nan")
    return seconds(stepper(model, torch.channels_last_3d)) / fast


def ratios() -> Iterator[tuple[str, float]]:
    """Every line of the table."""
    top = peak()
    for name, model in networks():
        last = stepper(model, torch.channels_last_3d)
        took = seconds(last)
        yield f"{name}: step, channels first / channels last", seconds(stepper(model, torch.contiguous_format)) / took
        yield f"{name}: share of the convolution peak in a step", flops(last) / took / top
    yield "gap_cnn: two workers / one worker, units in the same time", side_by_side()
    yield "gap_cnn: 8 models one after another / on streams of a GPU", streamed()
    yield "gap_cnn: step / step compiled", compiled(dict(networks())["gap_cnn"])


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    rows = []
    for what, ratio in ratios():
        print(f"{what:<64} {ratio:.2f}", flush=True)
        rows.append((what, round(ratio, 2)))
    target = ROOT / "results" / "benchmarks" / "training.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=["what", "ratio"]).to_csv(target, index=False)


if __name__ == "__main__":
    main()
