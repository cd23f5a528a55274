"""Tidy scores of a study: every (unit, method, metric, truth, view, subject) has a row, with a value or a reason."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from bench.cells import Cell
from bench.ledger import Ledger, States
from bench.store import files
from bench.study import Study, Unit

SCORES = {
    "data_seed": pa.int64(),
    "model_seed": pa.int64(),
    "subject": pa.int64(),
    "stratum": pa.string(),
    "split": pa.string(),
    "method": pa.string(),
    "view": pa.string(),
    "metric": pa.string(),
    "truth": pa.string(),
    "value": pa.float64(),
    "status": pa.string(),
    "reason": pa.string(),
}
ORDER = [name for name in SCORES if name not in ("value", "status", "reason", "stratum", "split")]


@dataclass
class Tidy:
    """Rows of a study from the store, as its ledger and the states of its cells say."""

    study: Study
    states: dict[str, States]
    ledger: Ledger

    def write(self, folder: Path) -> None:
        """One Parquet file a simulator and network; partitions of an earlier, larger study are removed."""
        present = set()
        for group in self.study.groups:
            part = folder / f"simulator={group.simulator}" / f"network={group.network}"
            present.add(part)
            rows = [self.rows(unit) for unit in (*self.study.members(group), group)]
            found = pd.concat([r for r in rows if len(r)] or rows, ignore_index=True)
            ordered = found.sort_values(ORDER, kind="stable", ignore_index=True)
            table = pa.Table.from_pandas(ordered[list(SCORES)], pa.schema(list(SCORES.items())), preserve_index=False)
            files.write_parquet(part / "part-0.parquet", table)
        for old in set(folder.glob("simulator=*/network=*")) - present:
            files.remove(old)

    def rows(self, unit: Unit) -> pd.DataFrame:
        """All scores of a unit; a cell that is not there has rows saying so."""
        strata: dict[int, str] = {}
        gone: list[tuple[Cell, str, str]] = []
        stored: dict[tuple[str, str], list[str]] = defaultdict(list)
        for cell, state in self.states[unit.id].values():
            if cell.folder and state not in ("done", "stale"):
                gone.append((cell, *self.why(cell, state)))
            elif cell.folder:
                stored[cell.folder, cell.method].append(cell.key)
        frames = []
        for (folder, method), keys in stored.items():
            rows = self.ledger.scores.read(folder)[0]
            frames.append(rows[rows["metric_key"].isin(keys)].assign(method=method))
        for frame in frames:
            strata |= dict(zip(frame["subject"], frame["stratum"], strict=True))
        frames += [self._absent(cell, status, reason, strata) for cell, status, reason in gone]
        whole = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(SCORES))
        return whole.assign(data_seed=unit.data_seed, model_seed=unit.model_seed, split="evaluation")

    def _absent(self, cell: Cell, status: str, reason: str, strata: dict[int, str]) -> pd.DataFrame:
        """Rows of a cell that has none, one a subject, view and truth it would have been asked for."""
        metric = self.study.make("metrics", cell.metric)
        everyone = self.study.settings["explain"]["subjects"]
        subjects = range(min(metric.subjects or everyone, everyone))
        on_maps = metric.tags.kind == "map"
        views = [v.name for v in self.study.views] if on_maps else [""]
        truths = (sorted(metric.tags.truths) or [""]) if on_maps else [""]
        rows = [
            {"subject": s, "stratum": strata.get(s, ""), "view": v, "truth": t}
            for v in views
            for t in truths
            for s in subjects
        ]
        return pd.DataFrame(rows).assign(
            method=cell.method, metric=cell.metric, value=float("nan"), status=status, reason=reason
        )

    def why(self, cell: Cell, state: str) -> tuple[str, str]:
        """(status, reason) of a cell without a value: its own failure, or that of what it is made from."""
        if failure := self.ledger.failure(cell):
            return failure["status"], failure["reason"]
        for need in cell.needs:
            if self.ledger.record(need) is None:
                status, reason = self.why(need, state)
                return status, f"{need.title}: {reason}" if self.ledger.failure(need) else reason
        return "failed", "not computed yet; issue the same command again"

    def failures(self) -> Iterator[list[Any]]:
        """Cells that failed themselves, one row each."""
        seen: set[str] = set()
        for states in self.states.values():
            for cell, state in states.values():
                failure = self.ledger.failure(cell) if state == "failed" and cell.key not in seen else None
                if failure:
                    seen.add(cell.key)
                    where = [cell.unit.simulator, cell.unit.network, cell.unit.data_seed, cell.unit.model_seed]
                    yield [*where, cell.stage, cell.method, cell.metric, failure["status"], failure["reason"]]
