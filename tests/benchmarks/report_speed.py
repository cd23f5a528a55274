"""Processor seconds (one thread) and peak memory a million score rows of the aggregated tables, on a study of noise.

python tests/benchmarks/report_speed.py [millions of rows, 5 if not given]
"""

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.report import audits, schema, tables
from bench.report.cells import Cells
from bench.report.study import Study

METHODS = ["random", "oracle", *(f"method_{k:02d}" for k in range(28))]
METRICS = [f"metric_{k:02d}" for k in range(34)]
NETWORKS = ["linear", "gmp_cnn", "resnet10"]
DATA_SEEDS, MODEL_SEEDS, SUBJECTS = 5, 3, 64
MILLION = 1_000_000


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
        {**dict.fromkeys(schema.MODELS, ""), "simulator": simulator, "network": network, "data_seed": d,
         "model_seed": s, "auc": 0.9, "passed": True}
        for simulator in simulators for network in NETWORKS for d in range(DATA_SEEDS) for s in range(MODEL_SEEDS)
    ]  # fmt: skip
    methods = [
        {**dict.fromkeys(schema.METHODS, ""), "method": name, "role": {"random": "control"}.get(name, "method"),
         "reads_model": True, "signed": False, "stochastic": False, "parameters": "{}"}
        for name in METHODS
    ]  # fmt: skip
    methods[1] |= {"role": "oracle", "parameters": '{"truth":"use"}'}
    metrics = [
        {**dict.fromkeys(schema.METRICS, ""), "metric": name, "kind": "map", "higher_is_better": True, "low": "-inf",
         "high": "inf", "chance": 0, "localisation": False}
        for name in METRICS
    ]  # fmt: skip
    headline = {name: {"metric": metric, "truth": "use"} for name, metric in zip("ab", METRICS, strict=False)}
    about = {"name": "speed", "created": "", "version": "", "git_sha": "", "headline": headline}
    (folder / "study.json").write_text(json.dumps(about))
    for name, rows in (("models", models), ("methods", methods), ("metrics", metrics)):
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    pd.DataFrame(columns=schema.FAILURES).to_csv(folder / "failures.csv", index=False)
    pd.DataFrame(columns=schema.COSTS).to_parquet(folder / "costs.parquet")


def measure(folder: Path) -> dict[str, float]:
    """Processor seconds of each step and the peak memory (GB) of a process that did nothing else."""
    found: dict[str, float] = {"imports, GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}
    start = time.process_time()
    loaded = Study.load(folder)
    cells = Cells.read(loaded)
    found["reading, s"] = time.process_time() - start
    start = time.process_time()
    tables.write(loaded, cells)
    found["tables, s"] = time.process_time() - start
    found["peak, GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    start = time.process_time()
    audits.violations(loaded)
    found["audits, s"] = time.process_time() - start
    found["peak with audits, GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return found


def main() -> None:
    """Write, measure in a fresh process, print."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as name:
        rows = study(Path(name), int(millions * MILLION))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(measure, (Path(name),))
    print(f"{rows / MILLION:.2f} million rows")
    for what, value in found.items():
        rate = f" ({value / rows * MILLION:.2f} a million rows)" if what.endswith("s") else ""
        print(f"{what}: {value:.2f}{rate}")


if __name__ == "__main__":
    main()
