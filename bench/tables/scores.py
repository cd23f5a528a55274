"""Score table of a study: every (unit, method, metric, truth, view, subject) has a row, with a value or a reason."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from bench.columns.written import FAILURES, ROWS
from bench.contracts import Status
from bench.contracts.validity import Validity
from bench.plan.states import States, StoredCells
from bench.report.rankings import refusals
from bench.stages.stage import Cell
from bench.store import files
from bench.store.artefacts import Damaged
from bench.study import Study, Unit

#: states of cells whose scores are read
PRESENT = ("done", "stale")
PART = "part-0.parquet"
#: the reason of a score that nothing is known against
NOT_COMPUTED = "not computed yet; issue the same command again"
ORDER = [name for name in ROWS.names if name not in ("value", "status", "reason", "stratum", "split")]


@dataclass
class ScoreTable:
    """Rows of a study from the store, as its stored cells and the states of its cells say."""

    study: Study
    states: dict[str, States]
    stored: StoredCells
    refused: list[pd.DataFrame] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """One Parquet file per simulator and network; whatever else lies there is removed, as it would be read."""
        present, self.refused = set(), []
        for group in self.study.groups:
            part = folder / f"simulator={group.simulator}" / f"network={group.network}"
            present.add(part / PART)
            files.make_way(part.parent)
            files.make_way(part)
            rows = [self.rows(unit) for unit in (*self.study.members(group), group)]
            whole = pd.concat([r for r in rows if len(r)] or rows, ignore_index=True)
            ordered = _with_strata(whole).sort_values(ORDER, kind="stable", ignore_index=True)
            self.refused.append(refusals.of_partition(group.simulator, group.network, ordered))
            table = pa.Table.from_pandas(ordered[ROWS.names], ROWS.schema, preserve_index=False)
            files.write_parquet(part / PART, table)
        for stray in {p for p in folder.glob("*/*/*") if not p.name.startswith(".")} - present:
            files.remove(stray)
        for old in set(folder.glob("*/*")) - {path.parent for path in present}:
            files.remove(old)

    def rows(self, unit: Unit) -> pd.DataFrame:
        """All scores of a unit; a cell that is not there, or has no value by the validity matrix, has rows saying so.

        The matrix decides when tables are written, so scores stay valid when it changes.
        """
        known, blanks = self._stored(unit), list(self._blanks(unit))
        empty = {(cell.method, cell.metric, truth) for cell, truth, *_ in blanks}
        kept = [at not in empty for at in zip(known["method"], known["metric"], known["truth"], strict=True)]
        strata = dict(zip(known["subject"], known["stratum"], strict=True))
        frames = [known[kept], pd.DataFrame([row for blank in blanks for row in self._rows(*blank, strata)])]
        whole = pd.concat([f for f in frames if len(f)] or frames, ignore_index=True).reindex(columns=ROWS.names)
        # a comparison may have rows of its single models, which come with seeds of their own
        seeds = {"data_seed": unit.data_seed, "model_seed": unit.model_seed}
        columns = {name: whole[name].astype(float).fillna(seed).astype(int) for name, seed in seeds.items()}
        return whole.assign(**columns, split="evaluation")

    def _stored(self, unit: Unit) -> pd.DataFrame:
        """Rows of the cells that are there; raises Damaged where a shard was there and has no rows to read."""
        keys: dict[tuple[str, str], list[str]] = defaultdict(list)
        for cell, state in self.states[unit.id].values():
            if cell.folder and state in PRESENT:
                keys[cell.folder, cell.method].append(cell.key)
        frames = []
        for (folder, method), metric_keys in keys.items():
            rows, records = self.stored.scores.read(folder)
            if lost := set(metric_keys) - records.keys():
                raise Damaged(f"damaged scores of {method}: {len(lost)} metrics removed, they will be computed again")
            frames.append(rows[rows["metric_key"].isin(metric_keys)].assign(method=method))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=ROWS.names)

    def _blanks(self, unit: Unit) -> Iterator[tuple[Cell, str, str, str]]:
        """(cell, truth, status, reason) of everything without values."""
        limits = Validity.of(self.study.make("simulators", unit.simulator))
        for cell, state in self.states[unit.id].values():
            if not cell.folder:
                continue
            tags = self.study.make("metrics", cell.metric).tags
            for truth in sorted(tags.truths) or [""]:
                if reason := limits.reason(tags, truth):
                    yield cell, truth, Status.undefined.value, reason
                elif state not in PRESENT:
                    yield cell, truth, *self.why(cell, state)

    def _rows(self, cell: Cell, truth: str, status: str, reason: str, strata: Mapping[int, str]) -> Iterator[Any]:
        """Rows without a value, one per view and subject the metric would have been asked for."""
        metric = self.study.make("metrics", cell.metric)
        everyone = self.study.explained
        views = [v.name for v in self.study.views] if metric.tags.kind == "map" else [""]
        what = {"method": cell.method, "metric": cell.metric, "truth": truth, "status": status, "reason": reason}
        for view in views:
            for subject in everyone[: metric.subjects]:
                at = {"subject": subject, "stratum": strata.get(subject, ""), "view": view}
                yield {**what, **at, "value": float("nan")}

    def why(self, cell: Cell, state: str) -> tuple[str, str]:
        """(status, reason) of a cell without a value: its own failure, or that of what it is made from."""
        if failure := self.stored.failure(cell):
            return failure["status"], failure["reason"]
        for need in cell.needs:
            if self.stored.record(need) is None:
                status, reason = self.why(need, state)
                return status, f"{need.title}: {reason}" if self.stored.failure(need) else reason
        return "failed", NOT_COMPUTED

    def failures(self) -> pd.DataFrame:
        """Cells that failed themselves, one row per cell, and what the scores written last say was refused."""
        faults = pd.DataFrame(list(self._faults()), columns=FAILURES.names)
        return pd.concat([faults, *self.refused], ignore_index=True)

    def _faults(self) -> Iterator[list[Any]]:
        seen: set[str] = set()
        for states in self.states.values():
            for cell, state in states.values():
                failure = self.stored.failure(cell) if state == "failed" and cell.key not in seen else None
                if failure:
                    seen.add(cell.key)
                    where = [cell.unit.simulator, cell.unit.network, cell.unit.data_seed, cell.unit.model_seed]
                    yield [*where, cell.stage, cell.method, cell.metric, failure["status"], failure["reason"]]


def _with_strata(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of comparisons with the stratum that their subject has under their model in the other rows."""
    subject = ["data_seed", "model_seed", "subject"]
    known = rows[rows["stratum"] != ""].drop_duplicates(subject).set_index(subject)["stratum"]
    strata = known.reindex(pd.MultiIndex.from_frame(rows[subject])).fillna("").to_numpy()
    return rows.assign(stratum=rows["stratum"].where(rows["stratum"] != "", strata))
