"""Drift: published means that a fresh run misses."""

from pathlib import Path

import pandas as pd

from bench.report.load.files import BadTables, untyped

KEYS = ["ranking", "simulator", "network", "method"]
#: on one machine and set of versions scores repeat bit by bit; elsewhere rounding moves trained models, and a mean
#: over them may lie this far from the published one before it counts as drift
TOLERANCE = 0.1


def drift(fresh: Path, published: Path, tolerance: float = TOLERANCE) -> list[str]:
    """Sentences on every published mean that the fresh leaderboard lacks or misses by more than the tolerance.

    Raises BadTables where either cannot be read, or nothing is published.
    """
    if not published.is_dir():
        raise BadTables(f"nothing is published in {published}; do so with 'python -m bench publish'")
    new, old = (untyped(folder / "leaderboard.csv").set_index(KEYS)["mean"] for folder in (fresh, published))
    both = pd.DataFrame({"published": old, "fresh": new.reindex(old.index)})
    missing = both["fresh"].isna() != both["published"].isna()
    moved = (both["fresh"] - both["published"]).abs() > tolerance
    rows = both[missing | moved].reset_index().astype(dict.fromkeys(KEYS, str)).to_dict("records")
    return [f"{' / '.join(r[k] for k in KEYS)}: {r['published']:.3f} became {r['fresh']:.3f}" for r in rows]
