"""How the source is built, one row per commit: sizes, circles of imports, and two walks through it.

python tests/benchmarks/source_structure.py [--checkout FOLDER] [--plan MODULE]
writes a row into results/benchmarks/structure.csv. An older checkout names the module of its planning.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = ROOT / "results" / "benchmarks" / "structure.csv"
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from structure import Source  # noqa: E402, the path is set above


def sizes(source: Source) -> dict[str, Any]:
    """Counts of files, lines, functions and circles."""
    lengths = source.function_lengths()
    return {
        "files": len(source.trees),
        "lines": source.lines(),
        "functions": len(lengths),
        "function_median": median(lengths),
        "function_p90": lengths[int(0.9 * len(lengths))],
        "function_max": lengths[-1],
        "circles": len(source.circles()),
        "files_in_circles": sum(len(circle) for circle in source.circles()),
        "mutual_folders": len(source.mutual_folders()),
        "bench_root": source.root_files("bench"),
        "simulators_root": source.root_files("simulators"),
    }


def walk(checkout: Path, *arguments: str) -> dict[str, int]:
    """Calls, files and calls across files of a walk in a checkout, `image_calls` and so on."""
    command = [sys.executable, str(HERE.parent / "structure_walk.py"), *arguments]
    printed = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout
    return {f"{arguments[0]}_{name}": value for name, value in json.loads(printed.splitlines()[-1]).items()}


def row(checkout: Path, planning: str) -> dict[str, Any]:
    """The row of a checkout."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=checkout, check=True, capture_output=True, text=True
    )
    walks = {**walk(checkout, "image"), **walk(checkout, "plan", planning)}
    return {"commit": commit.stdout.strip(), **sizes(Source(checkout)), **walks}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", type=Path, default=ROOT)
    parser.add_argument("--plan", default="bench.plan.plan")
    asked = parser.parse_args()
    made = row(asked.checkout.resolve(), asked.plan)
    known = [pd.read_csv(TABLE)] if TABLE.exists() else []
    table = pd.concat([*known, pd.DataFrame([made])]).drop_duplicates("commit", keep="last")
    table.to_csv(TABLE, index=False)
    print(table.set_index("commit").T.to_string())
