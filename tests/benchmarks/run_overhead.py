"""What the harness itself costs, as ratios within one run; written to results/benchmarks/overhead.csv.

Every process that computes a unit imports this file, so what is slow to import is imported where it is used.

python tests/benchmarks/run_overhead.py
"""

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAKES = ROOT / "tests" / "study" / "fakes" / "conf"
#: units of about a minute
MINUTE = ("study=tiny", "network=gmp_cnn", "train.epochs=19", "seed.model=0", "seed.data=range(8)")
#: units of seconds, in which the harness is nearly everything
SHORT = ("study=fake", "trusted=[fakes]", "seed.model=0", "method=[random,gradient]", "metric=[calibrated_ap]")
TWO = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def run(*lines: str) -> tuple[float, float]:
    """(seconds of the wall, seconds of the cells) of a study in a fresh folder."""
    from bench.plan import plan
    from bench.plan.states import cell_counts, survey
    from bench.tables.writer import Writer
    from bench.verbs import computing

    with tempfile.TemporaryDirectory() as results:
        study, launch = plan.study([*lines, f"paths.results={results}"], [FAKES])
        start = time.perf_counter()
        computing.compute(study, launch)
        wall = time.perf_counter() - start
        if {state for _, state in cell_counts(survey(study))} != {"done"}:
            raise RuntimeError(f"cells failed, so the times mean nothing: {' '.join(lines)}")
        return wall, sum(record["cost"]["seconds"] for _, record in Writer(study).done())


def planning(*lines: str) -> float:
    """Seconds to plan a study of which nothing is stored."""
    from bench.plan import plan

    with tempfile.TemporaryDirectory() as results:
        start = time.perf_counter()
        plan.with_work(plan.study([*lines, f"paths.results={results}"], [FAKES])[0])
        return time.perf_counter() - start


def growth(small: Sequence[str], large: Sequence[str]) -> float:
    """How many times longer the larger of two studies takes."""
    return run(*SHORT, *large)[0] / run(*SHORT, *small)[0]


def main() -> None:
    """Measure, print, write."""
    import pandas as pd

    sys.path.insert(0, str(FAKES.parents[1]))
    os.environ["PYTHONPATH"] = str(FAKES.parents[1])
    planning(*SHORT)
    wall, work = run(*MINUTE)
    both = run(*MINUTE, *TWO)[0]
    short = SHORT[:2]
    ratios = {
        "share of the harness in eight units of a minute": (wall - work) / wall,
        "one worker / two workers, eight units of a minute": wall / both,
        "8 units / 2 units": growth(["seed.data=range(2)"], ["seed.data=range(8)"]),
        "explained subjects 64 / 16": growth(["explain.subjects=16"], ["explain.subjects=64"]),
        "planning 400 units / 100 units": planning(*SHORT, "seed.data=range(400)")
        / planning(*SHORT, "seed.data=range(100)"),
        "planning all methods / two methods": planning(*short, "method=all", "metric=[calibrated_ap]")
        / planning(*SHORT),
    }
    table = pd.DataFrame({"what": ratios.keys(), "ratio": [round(r, 3) for r in ratios.values()]})
    target = ROOT / "results" / "benchmarks" / "overhead.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(target, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
