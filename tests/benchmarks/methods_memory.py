"""Peak memory of path methods, ours over captum's at its defaults; written to results/benchmarks/memory.csv.

python tests/benchmarks/methods_memory.py
"""

import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "results" / "benchmarks" / "memory.csv"
SHAPE, IMAGES = (24, 32, 24), 8
#: each runs in a process of its own, because a process never gives its peak back
CODE = {
    "nothing": "lambda: forward(model, images)",
    "integrated_gradients, ours": "lambda: IntegratedGradients(steps=50)(model, images, 0)",
    "integrated_gradients, captum": "lambda: attr.IntegratedGradients(model).attribute(images, target=0, n_steps=50)",
    "deeplift, ours": "lambda: DeepLIFT()(model, images, 0)",
    "deeplift, captum": "lambda: attr.DeepLift(model).attribute(images, target=0)",
    "expected_gradients, ours": "lambda: ExpectedGradients(samples=50)(model, images, 0)",
    "expected_gradients, captum": "lambda: attr.GradientShap(model).attribute(images, images * 0, 50, target=0)",
}


def measured(name: str) -> float:
    """Peak memory in MB of a process that runs one line of `CODE`."""
    found = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True, cwd=ROOT)
    return float(found.stdout.split()[-1])


def alone(name: str) -> None:
    """Run one line and print the peak in MB."""
    import torch
    from captum import attr

    from bench.networks.cnn import PooledCNN
    from bench.passes import forward
    from methods.deeplift import DeepLIFT
    from methods.expected import ExpectedGradients
    from methods.paths import IntegratedGradients

    torch.set_num_threads(1)
    model, images = PooledCNN(SHAPE, 2, pool="mean").eval(), torch.rand(IMAGES, 1, *SHAPE)
    known = {
        **{"attr": attr, "forward": forward, "model": model, "images": images},
        **{c.__name__: c for c in (DeepLIFT, ExpectedGradients, IntegratedGradients)},
    }
    eval(CODE[name], known)()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Measure, print, write."""
    base = measured("nothing")
    rows = []
    for method in dict.fromkeys(name.split(",")[0] for name in CODE if "," in name):
        ours, theirs = (measured(f"{method}, {whose}") - base for whose in ("ours", "captum"))
        rows.append([method, round(ours), round(theirs), round(ours / theirs, 3)])
    table = pd.DataFrame(rows, columns=["method", "ours_mb", "captum_mb", "ratio"])
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(TARGET, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        alone(sys.argv[1])
    else:
        main()
