"""Tables and columns that a study may lack, because it was written before they were or its simulators never audited."""

from pathlib import Path

import pandas as pd

COLUMNS = {
    "validity": ["simulator", "truth", "metric", "defined", "reason"],
    "simulator_audits": ["simulator", "key", "audit", "auc", "low", "high", "n", "reference", "verdict"],
}
#: what later versions tell of a method, and of a metric
OF_METHODS = ["convergence", "converged"]
OF_METRICS = ["assisted", "floor"]


def methods(folder: Path) -> pd.DataFrame:
    """The columns OF_METHODS of methods.csv, row by row; without values where they are not there."""
    table = pd.read_csv(folder / "methods.csv", dtype=str, keep_default_na=False)
    table = table.reindex(columns=OF_METHODS, fill_value="")
    return table.assign(convergence=pd.to_numeric(table["convergence"]))


def metrics(folder: Path) -> pd.DataFrame:
    """The columns OF_METRICS of metrics.csv, row by row; False and NaN where they are not there."""
    table = pd.read_csv(folder / "metrics.csv", dtype=str, keep_default_na=False)
    table = table.reindex(columns=OF_METRICS, fill_value="")
    return table.assign(assisted=table["assisted"] == "True", floor=pd.to_numeric(table["floor"]))


def read(folder: Path, name: str) -> pd.DataFrame:
    """The table of this name (.csv), without rows where there is none."""
    path = folder / f"{name}.csv"
    return pd.read_csv(path, keep_default_na=False) if path.is_file() else pd.DataFrame(columns=COLUMNS[name])
