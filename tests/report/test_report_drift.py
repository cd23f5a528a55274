"""Drift is said, and nothing else is."""

import pandas as pd

from bench.report import drift


def _write(folder, means):
    folder.mkdir()
    rows = [
        {"ranking": "anatomy", "simulator": "all", "network": "n", "method": m, "mean": v} for m, v in means.items()
    ]
    pd.DataFrame(rows).to_csv(folder / "leaderboard.csv", index=False)
    return folder


def test_drift_names_what_moved_and_what_is_gone(tmp_path):
    old = _write(tmp_path / "old", {"a": 0.5, "b": 0.5, "c": 0.5, "d": None})
    new = _write(tmp_path / "new", {"a": 0.52, "b": 0.8, "d": None, "extra": 1.0})
    found = drift(new, old)
    assert [sentence.split(":")[0].split(" / ")[-1] for sentence in found] == ["b", "c"]
    assert drift(old, old) == []
