"""How many small faults the tests notice: 150 mutants drawn by a seed, each against the tests of its area.

python tests/mutants/mutant_run.py [--count 150] [--seed 0] [--first N] [--limit 900] [--table FILE]
writes a row a mutant into results/benchmarks/mutants.csv as it goes, and goes on where a run was stopped. A row holds
while its file is as it was, and the file of the test that noticed, or all tests of the area where none did. Tests that
no longer end have noticed too: the limit is on their seconds of CPU, some times what an area takes. A survivor is a
hole in the tests, or changes nothing: then equivalent.csv says why.
"""

import argparse
import csv
import hashlib
import os
import resource
import shutil
import signal
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
    """The mutants by area, areas in turn, so that any beginning has all; a line that changes moves no other's place."""
    queues = []
    for area in AREAS:
        files = sorted((ROOT / area).rglob("*.py"))
        found = [one for file in files for one in mutants(str(file.relative_to(ROOT)), file.read_text())]
        # of lines that read the same in one file, the last
        different = {f"{seed}/{one.file}/{told(one)}": one for one in found}
        queues.append([(area, different[words]) for words in sorted(different, key=digest)])
    return [one for turn in zip_longest(*queues) for one in turn if one][:count]


def told(one: Mutant) -> str:
    """A mutant by its words, which stay where lines above it come and go."""
    return f"{one.text}/{one.mutation}"


def digest(*parts: str) -> str:
    """Twelve digits of texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def source(area: str, file: str, test: str) -> str:
    """Twelve digits of what a row rests on: the file, and the test that noticed, or all of the area where none did."""
    rests = [test.split("::")[0]] if test else tests(area, file)
    return digest(*((ROOT / name).read_text() if (ROOT / name).is_file() else name for name in (file, *rests)))


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
    """(killed, survived or timeout; the test that noticed) of a mutant in a copy, which is as before afterwards.

    limit: seconds of CPU of any of its processes; they may wait for other work, but not for ten times as long.
    """
    file = copy / one.file
    before = file.read_text()
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    pytest = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-rfE", "-m", "not full", "-p", "no:cacheprovider"]
    file.write_text(one.of(before))
    try:
        ran = subprocess.run(
            [*pytest, *tests(area, one.file)],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=10 * limit,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit))),
        )
    except subprocess.TimeoutExpired:
        return "timeout", ""
    finally:
        file.write_text(before)
    if ran.returncode in (-signal.SIGKILL, -signal.SIGXCPU):
        return "timeout", ""
    if ran.returncode not in (0, 1, 2, 4):
        raise RuntimeError(f"pytest ended with {ran.returncode}: {ran.stdout[-500:]}{ran.stderr[-500:]}")
    failed = [line.split(" ", 2)[1] for line in ran.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return ("killed" if ran.returncode else "survived"), (failed[0] if failed else "")


def reasons() -> dict[tuple[str, str, str], str]:
    """{(file, text of the line, mutation): why nothing changes}."""
    with EQUIVALENT.open(newline="") as file:
        return {(row["file"], row["text"], row["mutation"]): row["reason"] for row in csv.DictReader(file)}


def kept(table: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Rows of a table that still hold, by file and words of the mutant."""
    if not table.exists():
        return {}
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    holding = (row for row in rows if row["source"] == source(row["area"], row["file"], row["test"]))
    return {(row["file"], f"{row['text']}/{row['mutation']}"): row for row in holding}


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
    killed = sum(row["result"] != "survived" for row in counted)
    share = f"{100 * killed / len(counted):.0f} %" if counted else "none"
    return f"{killed} of {len(counted)} killed ({share}); {len(rows) - len(counted)} change nothing"


def run(count: int, seed: int, first: int | None, limit: float, table: Path) -> None:
    """Judge the mutants that the table lacks."""
    known, before, rows = reasons(), kept(table), []
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        for area, one in drawn(count, seed)[:first]:
            row = before.get((one.file, told(one)))
            if row is None:
                result, test = judged(one, area, copy, limit)
                now, line = source(area, one.file, test), str(one.line)
                values = (now, area, one.file, line, one.text, one.mutation, result, test, "")
                row = dict(zip(COLUMNS, values, strict=True))
                print(f"{one.file}:{one.line}  {one.mutation}  {result}  {test}", flush=True)
            reason = known.get((one.file, one.text, one.mutation), "") if row["result"] == "survived" else ""
            rows.append({**row, "line": str(one.line), "reason": reason})
            write(table, [*rows, *_ahead(before, rows)])
    write(table, rows)
    print(summary(rows))


def _ahead(before: dict[tuple[str, str], dict[str, str]], rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows that a run has not come to yet, kept should it be stopped."""
    done = {(row["file"], row["text"], row["mutation"]) for row in rows}
    return [row for row in before.values() if (row["file"], row["text"], row["mutation"]) not in done]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=None, help="judge so many of them")
    parser.add_argument("--limit", type=float, default=900, help="seconds a mutant")
    parser.add_argument("--table", type=Path, default=TABLE)
    asked = parser.parse_args()
    run(asked.count, asked.seed, asked.first, asked.limit, asked.table)
