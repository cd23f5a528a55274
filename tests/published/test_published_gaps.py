"""On the published tables a gap cannot hide: rows that lose their values are told."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from bench import report

FOLDER = Path(__file__).parents[2] / "results" / "published" / "quick"


def of(metric, method=None, share=1.0):
    """The rows of a metric, of one method alone or of all, of the first subjects."""
    return lambda t: (
        (t["metric"] == metric)
        & (t["method"].isin([method] if method else t["method"].unique()))
        & (t["subject"] <= share * t["subject"].max())
    )


@pytest.mark.parametrize(
    ("where", "told"),
    [
        pytest.param(
            of("infidelity_patch"),
            "infidelity_patch should have a value and is undefined in every row",
            marks=pytest.mark.full,
        ),
        (of("region_ap", "gradient"), "region_ap on use should have a value and is undefined in"),
        (of("calibrated_ap", "lrp_0", 0.75), "calibrated_ap on counterfactual should have a value and is undefined in"),
    ],
)
def test_lost_values_are_told(tmp_path, where, told):
    folder = Path(shutil.copytree(FOLDER, tmp_path / "quick", ignore=shutil.ignore_patterns("figures", "*.html")))
    for file in folder.glob("scores/*/*/*.parquet"):
        scores = pd.read_parquet(file, partitioning=None)
        gone = where(scores) & (scores["status"] == "ok")
        scores.loc[gone, ["value", "status", "reason"]] = [float("nan"), "undefined", "the metric has no value"]
        scores.to_parquet(file, index=False)
    assert [v for v in report.violations(folder) if told in v]
