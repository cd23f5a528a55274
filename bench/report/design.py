"""The design of a study as a table for papers: what was simulated, trained and explained."""

from pathlib import Path
from typing import Any

import pandas as pd

from bench.report.load.files import untyped
from bench.report.readme import as_markdown

_HEAD = [
    *("simulator", "pathology", "voxel in mm", "size in ml", "explained with it", "network", "data seeds"),
    *("models", "trained on", "AUC", "AUC of the observer", "past the gate"),
]


def designed(folder: Path) -> str:
    """One row per simulator and network, in Markdown; a size is the median with its 5th and 95th percentile."""
    models = untyped(folder / "models.csv")
    simulators = untyped(folder / "simulators.csv").drop_duplicates("simulator").set_index("simulator")
    rows = [
        _row(str(simulator), str(network), simulators.loc[str(simulator)], trained)
        for (simulator, network), trained in models.groupby(["simulator", "network"], sort=False)
    ]
    return as_markdown(_HEAD, rows)


def _row(simulator: str, network: str, about: Any, models: pd.DataFrame) -> list[str]:
    known = pd.notna(about["ml"])
    size = f"{about['ml']:.1f} [{about['ml_low']:.1f}, {about['ml_high']:.1f}]" if known else ""
    return [
        *(f"`{simulator}`", f"{about['place']} {about['family']}", f"{about['voxel_mm']:g}", size),
        *(str(int(about["subjects"])), f"`{network}`", str(models["data_seed"].nunique()), str(len(models))),
        *(f"{models['train_subjects'].mean():g}", _auc(models["auc"]), _auc(models["auc_reference"])),
        str(int(models["passed"].sum())),
    ]


def _auc(values: pd.Series) -> str:
    """A mean, empty where a task has no AUC."""
    return f"{values.mean():.3f}" if values.notna().any() else ""
