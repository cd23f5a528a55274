"""How often intervals, ranks and claims are right on simulated studies; written to results/benchmarks/coverage.csv.

python tests/benchmarks/coverage.py [repeats of each case, 1000 if not given; other numbers are printed only]

`interval` and `skill`: share of intervals of 95 % that hold the truth. `ranks`: share of studies in which equal methods
are told apart, and `claims`: in which something is claimed though nothing is better (at most 5 % wanted). marked: what
the tables say of so few subjects or data seeds.
"""

import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from bench.report.rankings.comparisons import Claim, judged
from bench.report.statistics.intervals import Array, balanced, previews
from bench.report.statistics.ranks import CAUTION, clear_leads
from bench.report.statistics.skill import Ladder

REPEATS = 1000
ROOT = Path(__file__).parents[2]
SEEDS, SUBJECTS = (5, 10), (8, 16, 24, 64)
Effect = Callable[[np.random.Generator, tuple[int, ...]], Array]
#: what subjects contribute: mean zero, largest to the right
SKEWED: dict[str, Effect] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1,
    "lognormal": lambda rng, shape: np.exp(rng.normal(size=shape)) - np.exp(0.5),
    "one subject in seven": lambda rng, shape: 3 * ((rng.random(shape) < 1 / 7) - 1 / 7),
}


def table(rng: np.random.Generator, subject: Effect, repeats: int, seeds: int, subjects: int) -> Array:
    """Tables (repeats, data seeds, subjects) of mean zero, mostly made by subjects."""
    of_seed, rest = rng.normal(size=(repeats, seeds, 1)), rng.normal(size=(repeats, seeds, subjects))
    return 0.2 * of_seed + subject(rng, (repeats, 1, subjects)) + 0.3 * rest


def odd_seeds(rng: np.random.Generator, repeats: int, seeds: int, subjects: int) -> Array:
    """Tables of mean zero in which one data seed in seven differs."""
    return SKEWED["one subject in seven"](rng, (repeats, seeds, 1)) + rng.normal(size=(repeats, seeds, subjects))


def hits(rng: np.random.Generator, centre: float, repeats: int, seeds: int, subjects: int) -> tuple[Array, float]:
    """Scores of 0 and 1 that subjects differ in, and their mean."""

    def chance(shape: tuple[int, ...], small: tuple[int, ...]) -> Array:
        return 1 / (1 + np.exp(-centre - 1.5 * rng.normal(size=shape) - 0.3 * rng.normal(size=small)))

    p = chance((repeats, 1, subjects), (repeats, seeds, 1))
    return (rng.random(p.shape) < p).astype(float), float(chance((1_000_000,), (1_000_000,)).mean())


def intervals(rng: np.random.Generator, repeats: int) -> Iterator[list[object]]:
    """Rows of means."""
    for seeds, subjects in product(SEEDS, SUBJECTS):
        size = repeats, seeds, subjects
        cases = [(name, table(rng, effect, *size), 0.0) for name, effect in SKEWED.items()]
        cases.append(("one data seed in seven", odd_seeds(rng, *size), 0.0))
        cases += [(f"0 or 1, mean {mean:.2f}", x, mean) for x, mean in (hits(rng, c, *size) for c in (0.0, 2.0, 3.0))]
        for name, x, truth in cases:
            low, high = balanced(x).interval()
            yield ["interval", name, 1, seeds, subjects, np.mean((low <= truth) & (truth <= high))]


def skills(rng: np.random.Generator, repeats: int) -> Iterator[list[object]]:
    """Rows of skill: two models a data seed, and what differs between seeds and between subjects of each kind."""
    for (name, (data, subject)), seeds in product({"seeds differ": (0.15, 0.02), "alike": (0.08, 0.08)}.items(), SEEDS):
        held = []
        for _ in range(repeats // 4):

            def effect(seeds: int = seeds, data: float = data, subject: float = subject) -> Array:
                shared = data * rng.normal(size=(seeds, 1, 1)) + subject * rng.normal(size=(1, 1, 24))
                return (shared + 0.05 * rng.normal(size=(seeds, 2, 24))).reshape(2 * seeds, 24)

            x = Ladder((0.4 + effect())[None], 0.1 * effect(), 0.8 + effect(), np.repeat(np.arange(seeds), 2))
            low, high = x.estimate().interval()
            held.append(low[0] <= 0.5 <= high[0])
        yield ["skill", name, 1, seeds, 24, np.mean(held)]


def ranks(rng: np.random.Generator, repeats: int) -> Iterator[list[object]]:
    """Rows of equal methods that share half of what moves them."""
    for (name, effect), methods, seeds in product(list(SKEWED.items())[:2], (3, 6, 12, 25, 40), SEEDS):
        ones, others = np.triu_indices(methods, 1)
        split = []
        for _ in range(repeats // 5):
            x = table(rng, SKEWED["normal"], 1, seeds, 24) + table(rng, effect, methods, seeds, 24)
            scores = np.zeros((methods, methods))
            scores[ones, others] = balanced(x[ones] - x[others]).normal_score(CAUTION)
            split.append(clear_leads(scores - scores.T).any())
        yield ["ranks", name, methods, seeds, 24, np.mean(split)]


def claims(rng: np.random.Generator, repeats: int) -> Iterator[list[object]]:
    """Rows of six methods against two others, mostly a little better and rarely much worse."""
    wanted = [Claim(m, name, (row,)) for row, name in enumerate(("every control", "gradient")) for m in range(2, 8)]
    for (name, effect), seeds, subjects in product(SKEWED.items(), SEEDS, SUBJECTS[1:]):
        false = []
        for _ in range(repeats // 5):
            x = table(rng, SKEWED["normal"], 8, seeds, subjects)
            x[2:] = 0.3 * x[2:] - effect(rng, (6, 1, subjects))
            x[:2] *= 0.3
            false.append((judged([x], wanted, draws=2000)["p_adjusted"] <= 0.05).any())
        yield ["claims", f"{name}, to the left", 6, seeds, subjects, np.mean(false)]


def main() -> None:
    """Simulate, write, print."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    rng = np.random.default_rng(0)
    rows = [row for part in (intervals, skills, ranks, claims) for row in part(rng, repeats)]
    found = pd.DataFrame(rows, columns=["what", "scores", "methods", "data_seeds", "subjects", "share"])
    found["marked"] = previews(found["data_seeds"].to_numpy(), found["subjects"].to_numpy())
    print(found.round(3).to_string(index=False))
    if repeats == REPEATS:
        found.round(3).to_csv(ROOT / "results" / "benchmarks" / "coverage.csv", index=False)


if __name__ == "__main__":
    main()
