"""Growth of cost with the grid: one unit, stage by stage, on four grids; written to results/benchmarks/growth.csv.

Each grid is run in a process of its own, on one thread, with few subjects. A row is the seconds or the peak memory (MB)
of a stage at one grid, or what the store keeps in the end (`kept`), with the exponent e of value ~ voxels^e over all
grids. Amplitudes are given, as the search for one takes thousands of subjects. growth.png beside it shows the seconds.

python tests/benchmarks/growth.py
"""

import json
import tempfile
from concurrent.futures import ProcessPoolExecutor
from math import prod
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

TABLE = Path(__file__).parents[2] / "results" / "benchmarks" / "growth.csv"
#: voxel edges (mm) and the grids that cover a head in them
GRIDS = {7.0: (24, 32, 24), 4.0: (40, 48, 40), 2.5: (64, 80, 64), 1.7: (96, 112, 96)}
UNIT = (
    "study=tiny",
    "network=gmp_cnn",
    "seed.data=[0]",
    "seed.model=[0]",
    "method=[gradient,integrated_gradients,lrp_epsilon,grad_cam,occlusion]",
    "metric=[calibrated_ap,region_ap,infidelity_patch,max_sensitivity,cascading_randomisation]",
    *("explain.subjects=4", "explain.pairs=30", "use.draws=4", "use.subjects=2", "use.players=4"),
    *("train.subjects=32", "train.validation=8", "train.test=32", "train.epochs=1"),
    "metric.cascading_randomisation.subjects=2",
)


def unit(edge: float) -> pd.DataFrame:
    """Columns stage, seconds and memory (MB) of one unit, measured in this process."""
    import torch

    from bench.plan import plan
    from bench.stages.calibrate import CALIBRATE
    from bench.tables.writer import Writer
    from bench.verbs import computing

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as results:
        given = Path(results) / "calibration.json"
        given.write_text(json.dumps({"amplitude": 0.3, "asked": 0.98, "reached": 0.98, "low": 0.97, "high": 0.99}))
        CALIBRATE.committed = lambda cell: given
        study, launch = plan.study([*UNIT, f"simulator.anatomy.resolution_mm={edge}", f"paths.results={results}"])
        computing.compute(study, launch)
        costs = [{"stage": cell.stage, **record["cost"]} for cell, record in Writer(study).done()]
        kept = sum(path.stat().st_size for path in Path(results).rglob("*") if path.is_file())
    table = pd.DataFrame(costs).groupby("stage").agg(seconds=("seconds", "sum"), mb=("peak_mb", "max"))
    table.loc["kept"] = [np.nan, kept / 1e6]
    return table


def fitted(table: pd.DataFrame) -> pd.Series:
    """The exponent of each row's values over the columns' voxels, by least squares of logarithms."""
    voxels = np.log([prod(GRIDS[edge]) for edge in table.columns])
    return table.apply(lambda row: np.polyfit(voxels, np.log(row), 1)[0], axis=1)


def drawn(seconds: pd.DataFrame, exponents: pd.Series, path: Path) -> None:
    """Seconds of every stage over voxels, each with its exponent, beside a line of growth by voxels."""
    from matplotlib.figure import Figure

    figure = Figure((5.5, 4.0), layout="constrained")
    axes = figure.add_subplot()
    voxels = [prod(GRIDS[edge]) for edge in seconds.columns]
    for stage, row in seconds.iterrows():
        axes.loglog(voxels, row, marker="o", markersize=3, label=f"{stage} ({exponents[stage]:.2f})")
    axes.loglog(voxels, seconds.iloc[:, 0].median() * np.divide(voxels, voxels[0]), "k:", label="voxels (1.00)")
    axes.set(xlabel="voxels", ylabel="seconds of one unit with few subjects")
    axes.legend(title="stage (exponent)", fontsize="small", frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measure every grid, fit, print, write, draw."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        units = pd.concat(dict(zip(GRIDS, pool.map(unit, GRIDS), strict=True)), names=["voxel_mm"])
    seconds, memory = (units[column].unstack("voxel_mm")[list(GRIDS)] for column in units)
    seconds = seconds.dropna()
    exponents = {"seconds": fitted(seconds), "mb": fitted(memory)}
    table = units.stack().dropna().rename("value").rename_axis([*units.index.names, "unit"]).reset_index()
    table["voxels"] = [" x ".join(map(str, GRIDS[edge])) for edge in table.voxel_mm]
    table["exponent"] = [exponents[unit][stage] for unit, stage in zip(table.unit, table.stage, strict=True)]
    table = table[["stage", "unit", "voxel_mm", "voxels", "value", "exponent"]].round({"value": 3, "exponent": 2})
    table.sort_values(["unit", "stage", "voxel_mm"], ascending=[False, True, False]).to_csv(TABLE, index=False)
    drawn(seconds, exponents["seconds"], TABLE.with_suffix(".png"))
    print(seconds.assign(exponent=exponents["seconds"]).round(2).to_string())
    print(memory.assign(exponent=exponents["mb"]).round(2).to_string())


if __name__ == "__main__":
    main()
