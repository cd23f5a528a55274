"""A GPU against the CPU: how far maps, scores and outputs lie apart, and what 64 small models cost at once.

python tests/device/on_gpu.py                  # at most 8 minutes; writes results/benchmarks/device.csv
python tests/device/on_gpu.py --device cpu     # seconds: a few of each kind, to see that it runs; writes nothing

A row of `kind` method, metric or network: the largest difference from the CPU in units of the largest value, and the
seconds on either. The row `models`: seconds of a step of descent of all models in one call (torch.func.vmap) under
`device_seconds`, and of one model after the other on the same device under `cpu_seconds`. What fails has no seconds and
an infinite difference, and the rest goes on. Exit code 1 where a difference is beyond TOLERANCE, 2 where no device has
that name.
"""

import argparse
import sys
import time
from pathlib import Path

import pandas as pd
import torch

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from test_methods_there import PROBES, map_of  # noqa: E402
from there import names, node, plugin, tensors  # noqa: E402
from torch.func import functional_call, grad, stack_module_state, vmap  # noqa: E402

from bench.checks.method_probe import randomised  # noqa: E402
from bench.checks.metric_probe import probe, probe_network  # noqa: E402
from bench.checks.metric_values import values  # noqa: E402
from bench.checks.networks import SHAPE, ProbeTask  # noqa: E402
from bench.config.architecture import architecture  # noqa: E402
from bench.contracts import BadInput, Unsupported  # noqa: E402
from bench.devices.choice import check, chosen_device, machine_with, prepare  # noqa: E402
from bench.devices.moving import HOME, moved  # noqa: E402
from bench.networks.cnn import PooledCNN  # noqa: E402
from bench.passes import forward  # noqa: E402
from bench.stages.measure import RUNNING  # noqa: E402

TARGET = Path(__file__).parents[2] / "results" / "benchmarks" / "device.csv"
#: largest difference in units of the largest value, as conf/README.md states it
TOLERANCE = 1e-3
#: seconds after which nothing more is begun
LIMIT_S = 420.0
MODELS, IMAGES, STEPS, RATE = 64, 8, 20, 1e-3
SMALL = (8, 8, 8)


def works(few):
    """(kind, name, what gives tensors on a device) of all that is compared, the quick ones first."""
    for name in names("network")[: 1 if few else None]:
        model = randomised(architecture(node("network", name), ProbeTask(SHAPE, 2), ())(), 0)
        images = torch.rand(4, 1, *SHAPE, generator=torch.Generator().manual_seed(0))
        yield "network", name, lambda d, m=model, x=images: forward(moved(m, d), moved(x, d))
    for name in ("gradient", "rise") if few else names("method"):
        method = plugin("method", name)
        yield "method", name, lambda d, m=method: map_of(m, PROBES["plain"], d, d)
    metrics = {name: plugin("metric", name) for name in (["infidelity_patch"] if few else names("metric"))}
    for name, metric in metrics.items():
        if metric.tags.kind in RUNNING:
            yield "metric", name, lambda d, m=metric: values(m, moved(probe(), d), moved(probe_network(), d))


def timed(work, device):
    """The tensors of a work in main memory, and the seconds of a second call, as the first one loads kernels."""
    for _ in range(1 + (device != HOME)):
        started = time.perf_counter()
        result = [tensor.cpu() for tensor in tensors(work(device))]
        seconds = time.perf_counter() - started
    return result, seconds


def difference(one, other):
    """Largest difference of tensors, in units of the largest value; infinite where only one has NaN."""
    pairs = [(a.double(), b.double()) for a, b in zip(one, other, strict=True)]
    if any((a.isnan() != b.isnan()).any() for a, b in pairs):
        return float("inf")
    sizes = [((a - b).nan_to_num().abs().max().item(), b.nan_to_num().abs().max().item()) for a, b in pairs]
    return max(apart / (largest or 1.0) for apart, largest in sizes)


def attempted(kind, name, *ways):
    """The row of two ways to the same tensors; one of them may fail, and costs no other row."""
    try:
        (one, one_s), (other, other_s) = (way() for way in ways)
    except (RuntimeError, TypeError, ValueError) as error:
        print(f"{kind} {name} failed: {error}", file=sys.stderr)
        return [kind, name, float("inf"), float("nan"), float("nan")]
    return [kind, name, difference(other, one), one_s, other_s]


def compared(device, few):
    """Rows of all that is compared, until the time is up."""
    started = time.perf_counter()
    for kind, name, work in works(few):
        if time.perf_counter() - started > LIMIT_S:
            print(f"the time is up before {kind} {name}", file=sys.stderr)
            return
        try:
            yield attempted(kind, name, lambda work=work: timed(work, HOME), lambda work=work: timed(work, device))
        except Unsupported as error:
            print(f"{kind} {name} is left out: {error}", file=sys.stderr)


def descent(models, images, targets):
    """A step of descent of stacked models, batch norm as in evaluation: (weights) -> weights."""
    weights, buffers = stack_module_state(models)

    def loss(weights, buffers, images, targets):
        outputs = functional_call(models[0], (weights, buffers), (images,))
        return torch.nn.functional.cross_entropy(outputs, targets)

    slopes = vmap(grad(loss), in_dims=(0, 0, None, None))

    def at_once():
        slope = slopes(weights, buffers, images, targets)
        return {name: value - RATE * slope[name] for name, value in weights.items()}

    def in_turn():
        rows = []
        for model in models:
            named = dict(model.named_parameters())
            outputs = torch.nn.functional.cross_entropy(model(images), targets)
            slope = torch.autograd.grad(outputs, list(named.values()))
            rows.append([value.detach() - RATE * s for value, s in zip(named.values(), slope, strict=True)])
        return {name: torch.stack(parts) for name, parts in zip(named, zip(*rows, strict=True), strict=True)}

    return at_once, in_turn


def many_models(device, few):
    """The row of small models at once against one after the other."""
    count, steps, shape = (2, 1, SMALL) if few else (MODELS, STEPS, SHAPE)
    models = [randomised(PooledCNN(shape, 2), seed).to(device) for seed in range(count)]
    images = torch.rand(IMAGES, 1, *shape, generator=torch.Generator().manual_seed(0)).to(device)
    at_once, in_turn = descent(models, images, torch.arange(IMAGES).to(device) % 2)
    ways = (lambda way=way: timed(lambda _: [way() for _ in range(steps)][-1], device) for way in (in_turn, at_once))
    *row, turn_s, once_s = attempted("models", f"{count} at once", *ways)
    return [*row, turn_s / steps, once_s / steps]


def main():
    """Compare, print, and write where there was a GPU."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--device", default="cuda")
    name = asked.parse_args().device
    try:
        check(name)
        device = chosen_device(name)
    except BadInput as error:
        print(f"nothing is compared: {error}", file=sys.stderr)
        return 2
    # the CPU compared with itself says no more, and a convolution of 64 models at once takes 20 GB there
    few = device == HOME
    torch.set_num_threads(1)
    prepare(device)
    columns = ["kind", "name", "difference", "cpu_seconds", "device_seconds"]
    table = pd.DataFrame([many_models(device, few), *compared(device, few)], columns=columns)
    table["within"] = table["difference"] <= TOLERANCE
    print(table.to_string(index=False))
    times = table["cpu_seconds"][0] / table["device_seconds"][0]
    print(f"{machine_with(device)}; models at once: {times:.1f} times as fast")
    if device.type == "cuda":
        table.assign(device=machine_with(device)).round(6).to_csv(TARGET, index=False, lineterminator="\n")
    return int(not table["within"].all())


if __name__ == "__main__":
    sys.exit(main())
