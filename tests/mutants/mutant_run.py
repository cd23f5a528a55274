"""How many small faults the tests notice: 150 mutants drawn by a seed, each against the tests of its area.

python tests/mutants/mutant_run.py [--count 150] [--seed 0] [--first N] [--limit 900] [--table FILE]
writes a row a mutant into results/benchmarks/mutants.csv as it goes, and goes on where a run was stopped; rows of other
source are made anew. A survivor is a hole in the tests, or changes nothing: then equivalent.csv says why.
"""

import argparse
import csv
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

from mutate import Mutant, mutants

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "results" / "benchmarks" / "mutants.csv"
EQUIVALENT = Path(__file__).with_name("equivalent.csv")
COLUMNS = ("source", "area", "file", "line", "text", "mutation", "result", "test", "reason")
#: folders that mutants are drawn from, as many from each, and the tests of each
AREAS = {
    "metrics": ("metrics", "conformance/test_metrics_conform.py", "conformance/test_bounds.py"),
    "methods": ("methods", "conformance/test_methods_conform.py", "conformance/test_bounds.py", "networks"),
    "simulators": ("simulators", "conformance/test_simulators_and_networks_conform.py"),
    "bench/report": ("report",),
    "bench/passes": ("passes", "methods", "metrics", "networks"),
    "bench/networks": ("networks", "conformance/test_simulators_and_networks_conform.py"),
    "bench/stages": ("stages", "training", "study"),
    "bench/training": ("training", "stages"),
    "bench/contracts": ("config", "conformance", "stages", "metrics"),
    "bench/config": ("config", "conformance/test_bounds.py", "store"),
    "bench/store": ("store", "faults", "study"),
    "bench/plan": ("store", "stages", "config", "study"),
    "bench/tables": ("study", "report"),
    "bench/launch": ("study", "faults"),
    "bench/checks": ("conformance", "networks"),
}


def drawn(count: int, seed: int) -> list[tuple[str, Mutant]]:
    """The mutants by area: the same for a seed and the same source, areas in turn, so that any beginning has all."""
    queues = []
    for area in AREAS:
        files = sorted((ROOT / area).rglob("*.py"))
        found = [one for file in files for one in mutants(str(file.relative_to(ROOT)), file.read_text())]
        random.Random(f"{seed}/{area}").shuffle(found)
        queues.append([(area, one) for one in found])
    return [one for turn in zip_longest(*queues) for one in turn if one][:count]


def source() -> str:
    """Twelve digits of all code that is mutated and of the tests."""
    files = sorted(file for folder in (*AREAS, "tests") for file in (ROOT / folder).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def copied(to: Path) -> Path:
    """A copy of the files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, to / name)
    return to


def tests(area: str, file: str) -> list[str]:
    """Files of tests of an area, those that name the module first."""
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package, _, name = module.rpartition(".")
    places = [ROOT / "tests" / one for one in AREAS[area]]
    files = dict.fromkeys(f for p in places for f in (sorted(p.rglob("test_*.py")) if p.is_dir() else [p]))

    def far(found: Path) -> int:
        text = found.read_text()
        return 0 if module in text else 1 if package in text and name in text else 2

    return [str(found.relative_to(ROOT)) for found in sorted(files, key=far)]


def judged(one: Mutant, area: str, copy: Path, limit: float) -> tuple[str, str]:
    """(killed, survived or timeout; the test that noticed) of a mutant in a copy, which is as before afterwards."""
    file = copy / one.file
    before = file.read_text()
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    pytest = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-rfE", "-m", "not full", "-p", "no:cacheprovider"]
    file.write_text(one.of(before))
    try:
        ran = subprocess.run(
            [*pytest, *tests(area, one.file)], cwd=copy, env=environment, capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return "timeout", ""
    finally:
        file.write_text(before)
    if ran.returncode not in (0, 1, 2, 4):
        raise RuntimeError(f"pytest ended with {ran.returncode}: {ran.stdout[-500:]}{ran.stderr[-500:]}")
    told = [line.split(" ", 2)[1] for line in ran.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return ("killed" if ran.returncode else "survived"), (told[0] if told else "")


def reasons() -> dict[tuple[str, str, str], str]:
    """{(file, text of the line, mutation): why nothing changes}."""
    with EQUIVALENT.open(newline="") as file:
        return {(row["file"], row["text"], row["mutation"]): row["reason"] for row in csv.DictReader(file)}


def kept(table: Path, now: str) -> list[dict[str, str]]:
    """Rows of a table that are of the present source."""
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["source"] == now]


def write(table: Path, rows: list[dict[str, str]]) -> None:
    """The table, whole or as it was."""
    table.parent.mkdir(parents=True, exist_ok=True)
    fresh = table.with_suffix(".new")
    with fresh.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    fresh.replace(table)


def summary(rows: list[dict[str, str]]) -> str:
    """The share of mutants that the tests notice, of those that change anything."""
    counted = [row for row in rows if not row["reason"]]
    killed = sum(row["result"] == "killed" for row in counted)
    share = f"{100 * killed / len(counted):.0f} %" if counted else "none"
    return f"{killed} of {len(counted)} killed ({share}); {len(rows) - len(counted)} change nothing"


def run(count: int, seed: int, first: int, limit: float, table: Path) -> None:
    """Judge the mutants that the table lacks."""
    now, known = source(), reasons()
    rows = kept(table, now)
    done = {(row["file"], row["line"], row["mutation"]) for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        for area, one in drawn(count, seed)[:first]:
            where = (one.file, str(one.line), one.mutation)
            if where in done:
                continue
            result, test = judged(one, area, copy, limit)
            reason = known.get((one.file, one.text, one.mutation), "") if result == "survived" else ""
            values = (now, area, one.file, str(one.line), one.text, one.mutation, result, test, reason)
            rows.append(dict(zip(COLUMNS, values, strict=True)))
            write(table, rows)
            print(f"{one.file}:{one.line}  {one.mutation}  {result}  {test or reason}", flush=True)
    print(summary(rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=None, help="judge so many of them")
    parser.add_argument("--limit", type=float, default=900, help="seconds a mutant")
    parser.add_argument("--table", type=Path, default=TABLE)
    asked = parser.parse_args()
    run(asked.count, asked.seed, asked.first, asked.limit, asked.table)
