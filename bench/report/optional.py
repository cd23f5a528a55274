"""Tables that a study may lack: those of one written before they existed, or of simulators that were never audited."""

from pathlib import Path

import pandas as pd

COLUMNS = {
    "validity": ["simulator", "truth", "metric", "defined", "reason"],
    "simulator_audits": ["simulator", "key", "audit", "auc", "low", "high", "n", "reference", "verdict"],
}


def read(folder: Path, name: str) -> pd.DataFrame:
    """The table of this name (.csv), without rows where there is none."""
    path = folder / f"{name}.csv"
    return pd.read_csv(path, keep_default_na=False) if path.is_file() else pd.DataFrame(columns=COLUMNS[name])
