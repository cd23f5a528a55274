"""Time and memory of a report on millions of score rows, a study of noise; written to results/benchmarks/report.csv.

python tests/benchmarks/report_speed.py [millions of rows, 35 if not given; other numbers are printed only]
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench import report
from bench.columns import written
from bench.columns.declaration import Columns

METHODS = ["random", "oracle", *(f"method_{k:02d}" for k in range(28))]
METRICS = [f"metric_{k:02d}" for k in range(34)]
ROLES = {"random": "control", "oracle": "oracle"}
#: what stands in a column that means nothing here, by its kind
EMPTY = {"text": "", "flag": False, "whole": 0, "number": ""}
NETWORKS = ["linear", "gmp_cnn", "resnet10"]
DATA_SEEDS, MODEL_SEEDS, SUBJECTS = 5, 3, 64
MILLION = 1_000_000
WHOLE = 35.0
ROOT = Path(__file__).parents[2]


def study(folder: Path, rows: int) -> int:
    """Write a study of about this many rows, a partition at a time; returns how many there are."""
    axes = (METHODS, METRICS, range(DATA_SEEDS), range(MODEL_SEEDS), range(SUBJECTS))
    shape = tuple(len(axis) for axis in axes)
    simulators = [f"simulator_{k:02d}" for k in range(max(1, round(rows / np.prod(shape) / len(NETWORKS))))]
    rng = np.random.default_rng(0)
    for simulator in simulators:
        for network in NETWORKS:
            path = folder / "scores" / f"simulator={simulator}" / f"network={network}"
            path.mkdir(parents=True)
            pq.write_table(pa.Table.from_pandas(_rows(shape, rng), preserve_index=False), path / "part-0.parquet")
    _catalogues(folder, simulators)
    return len(simulators) * len(NETWORKS) * int(np.prod(shape))


def _rows(shape: tuple[int, ...], rng: np.random.Generator) -> pd.DataFrame:
    m, k, d, s, i = (axis.ravel() for axis in np.indices(shape))
    quality = np.linspace(0, 1, shape[0])[m]
    noise = rng.normal(0, 0.1, shape[2])[d] + rng.normal(0, 0.1, shape[4])[i] + rng.normal(0, 0.1, len(m))

    def text(codes: np.ndarray, names: list[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(codes, names)

    same = np.zeros(len(m), dtype=np.int8)
    return pd.DataFrame({
        "data_seed": d, "model_seed": s, "subject": i, "stratum": text(i % 2, ["TP", "TN"]),
        "split": text(same, ["evaluation"]), "method": text(m, METHODS), "view": text(same, ["abs"]),
        "metric": text(k, METRICS), "truth": text(same, ["use"]), "value": quality + noise,
        "status": text(same, ["ok"]), "reason": text(same, [""]),
    })  # fmt: skip


def _catalogues(folder: Path, simulators: list[str]) -> None:
    models = [
        {"simulator": simulator, "network": network, "data_seed": d, "model_seed": s, "auc": 0.9, "passed": True}
        for simulator in simulators for network in NETWORKS for d in range(DATA_SEEDS) for s in range(MODEL_SEEDS)
    ]  # fmt: skip
    methods = [{"method": name, "role": ROLES.get(name, "method"), "parameters": "{}"} for name in METHODS]
    methods[METHODS.index("oracle")] |= {"truth": "use", "reads_model": True}
    metrics = [
        {"metric": name, "kind": "map", "higher_is_better": True, "low": "-inf", "high": "inf", "chance": 0,
         "parameters": "{}", "truths": "use"}
        for name in METRICS
    ]  # fmt: skip
    places = [{"simulator": name, "place": "fixed", "family": name} for name in simulators]
    rows = {"models.csv": models, "methods.csv": methods, "metrics.csv": metrics, "simulators.csv": places}
    for name, table in written.TABLES.items():
        if name.endswith(".csv"):
            _filled(table, rows.get(name, [])).to_csv(folder / name, index=False)
    pq.write_table(written.COSTS.schema.empty_table(), folder / "costs.parquet")
    headline = {
        name: {"metric": metric, "truth": "use", "view": "abs", "strata": []}
        for name, metric in zip("ab", METRICS, strict=False)
    }
    about = dict.fromkeys(["command", "created", "version", "git_sha", "git_dirty", "device", "python", "torch"], "")
    axes = {"simulator": simulators, "network": NETWORKS}
    seeds = {"data_seeds": [*range(DATA_SEEDS)], "model_seeds": [*range(MODEL_SEEDS)]}
    named = {"simulators": dict.fromkeys(simulators, ""), "networks": dict.fromkeys(NETWORKS, "")}
    study = {
        "name": "speed",
        **about,
        "headline": headline,
        "against": {},
        "detect": {},
        "axes": axes,
        **seeds,
        **named,
    }
    (folder / "study.json").write_text(json.dumps(study))


def _filled(table: Columns, rows: list[dict[str, object]]) -> pd.DataFrame:
    """Rows with every column of a table, what they lack empty."""
    empty = {column.name: EMPTY[column.kind] for column in table.columns}
    return pd.DataFrame([{**empty, **row} for row in rows], columns=table.names)


def reading(folder: Path) -> float:
    """Seconds in which one thread reads every score file once."""
    start = time.perf_counter()
    for file in folder.glob("scores/*/*/*.parquet"):
        pq.ParquetFile(file).read(use_threads=False)
    return time.perf_counter() - start


def rendering(folder: Path) -> dict[str, float]:
    """Seconds of a report in a process of its own, and the most MB that it and its processes held together."""
    start, peak = time.perf_counter(), 0.0
    process = subprocess.Popen([sys.executable, __file__, "--render", str(folder)], cwd=ROOT)
    while process.poll() is None:
        peak = max(peak, sum(map(megabytes, family(process.pid))))
        time.sleep(0.2)
    if process.returncode:
        raise RuntimeError("the report failed, so its time means nothing")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "report, seconds": time.perf_counter() - start,
        "report, processor seconds": used.ru_utime + used.ru_stime,
        "report, peak MB": peak,
    }


def family(pid: int) -> list[int]:
    """A process and all below it; none where it has gone."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(below for child in children for below in family(int(child)))]


def megabytes(pid: int) -> float:
    """Memory of a process, what it shares with others counted in parts; 0 where it has gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    """Write, measure in a fresh process, print."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else WHOLE
    with tempfile.TemporaryDirectory() as name:
        rows = study(Path(name), int(millions * MILLION))
        once = reading(Path(name))
        found = rendering(Path(name))
    seconds, processor = found["report, seconds"], found["report, processor seconds"]
    found |= {
        "report, processor seconds a million rows": processor / rows * MILLION,
        "reading the files once, seconds": once,
        "report / reading the files once": seconds / once,
    }
    table = pd.DataFrame(
        {"what": ["rows", *found], "value": [str(rows), *(f"{value:.1f}" for value in found.values())]}
    )
    print(table.to_string(index=False))
    if millions == WHOLE:
        table.to_csv(ROOT / "results" / "benchmarks" / "report.csv", index=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--render"]:
        report.render(Path(sys.argv[2]))
    else:
        main()
