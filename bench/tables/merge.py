"""Merge of tables: parts of a study that were published, or lie in results folders, become the tables of one study.

Parts are made at one commit, with one set of settings; they may differ in simulators, networks, methods, metrics and
seeds, as far as what sums up several models (comparisons, sizes of truths) rests on models of one part.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa

from bench import provenance
from bench.columns.written import ROWS, TABLES
from bench.contracts import BadInput
from bench.passes.convergence import CONVERGED
from bench.report.load import files as load
from bench.store import files
from bench.tables.joining import KNOWN_BY, SCORES, UNIT, Contradiction, joined_rows
from bench.tables.scores import ORDER, PART

#: what study.json holds that is the same in all parts, and that grows with them
SAME = ("schema", "headline", "detect", "against", "explain", "use", "views", "version", "git_sha", "git_dirty")
LISTS, BY_NAME = ("data_seeds", "model_seeds"), ("heads", "simulators", "networks")
#: what it holds of each call
CALL = ("name", "command", "created", "device", "python", "torch")
ABOUT, PANELS = "study.json", "panels.npz"


@dataclass(frozen=True)
class StudyPart:
    """A folder of tables of a study; raises BadTables where one cannot be read."""

    folder: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        """The content of study.json."""
        return load.about(self.folder / ABOUT)

    def table(self, name: str) -> pd.DataFrame:
        """A table, every value of a CSV as it is written."""
        path = self.folder / name
        if path.suffix == ".csv":
            return load.untyped(path, dtype=str, keep_default_na=False)
        return load.parquet(path, TABLES[name])

    @cached_property
    def partitions(self) -> dict[str, pd.DataFrame]:
        """Scores by the place of their file."""
        paths = sorted((self.folder / SCORES).glob("simulator=*/network=*/*.parquet"))
        return {str(path.parent.relative_to(self.folder)): load.parquet(path, ROWS) for path in paths}


@dataclass(frozen=True)
class MergedTables:
    """The tables of all parts together; raises BadInput for the first thing in which parts contradict each other."""

    parts: Sequence[StudyPart]

    def write(self, folder: Path, command: str) -> None:
        """Write tables, panels and study.json, after all of them were made."""
        about = {**self.about, "name": folder.name, "command": command}
        tables = {name: self.table(name) for name in KNOWN_BY if name != SCORES}
        scores, panels = dict(self.scores()), self.panels()
        files.make_folder(folder)
        for name, table in tables.items():
            if name.endswith(".csv"):
                files.write_bytes(folder / name, table.to_csv(index=False, lineterminator="\n").encode())
            else:
                files.write_parquet(folder / name, pa.Table.from_pandas(table, preserve_index=False))
        for place, rows in scores.items():
            files.make_folder(folder / place)
            files.write_parquet(folder / place / PART, pa.Table.from_pandas(rows, ROWS.schema, preserve_index=False))
        np.savez_compressed(folder / PANELS, allow_pickle=False, **panels)
        files.write_bytes(folder / ABOUT, (json.dumps(about, indent=1) + "\n").encode())

    @cached_property
    def about(self) -> dict[str, Any]:
        """The content of study.json; `parts`: the calls it is made of."""
        first = self.parts[0].about
        for part in self.parts:
            for key in (key for key in SAME if part.about.get(key) != first.get(key)):
                self._refuse(f"{key} of {ABOUT}", self.parts[0], part)
        axes = {axis: _each([part.about["axes"][axis] for part in self.parts]) for axis in first["axes"]}
        grown = {key: _each([part.about[key] for part in self.parts]) for key in LISTS}
        named = {key: {k: v for part in self.parts for k, v in part.about[key].items()} for key in BY_NAME}
        calls = [{key: part.about[key] for key in CALL} for part in self.parts]
        return {**first, "created": provenance.now(), "axes": axes, **grown, **named, "parts": calls}

    def table(self, name: str) -> pd.DataFrame:
        """A table, units in the order of the study."""
        tables = [part.table(name) for part in self.parts]
        if "convergence" in tables[0]:
            tables = self._with_convergence(tables)
        return self._ordered(self._joined(name, name, tables))

    def scores(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """(place, rows) of every simulator and network."""
        nothing = ROWS.schema.empty_table().to_pandas()
        for place in sorted({place for part in self.parts for place in part.partitions}):
            rows = self._joined(SCORES, place, [part.partitions.get(place, nothing) for part in self.parts])
            yield place, rows.sort_values(ORDER, kind="stable", ignore_index=True)

    def panels(self) -> dict[str, Any]:
        """The pictures of all parts, by name."""
        arrays: dict[str, Any] = {}
        for part in self.parts:
            with load.reading(part.folder / PANELS), np.load(part.folder / PANELS, allow_pickle=False) as stored:
                for name in stored.files:
                    if not np.array_equal(arrays.setdefault(name, stored[name]), stored[name]):
                        self._refuse(f"{name} of {PANELS}", self.parts[0], part)
        return arrays

    def _joined(self, name: str, place: str, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        try:
            return joined_rows(name, tables)
        except Contradiction as error:
            self._refuse(f"the row '{error.row}' of {place}", *(self.parts[k] for k in error.parts))

    def _with_convergence(self, tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
        """Tables of methods in which the likeness to maps with other noise is the mean over the models of all parts."""
        counts = [len(part.table("models.csv")) for part in self.parts]
        rows = pd.concat([table.assign(models=n) for table, n in zip(tables, counts, strict=True)])
        rows = rows[rows["convergence"] != ""].astype({"convergence": float})
        weighted = (rows["convergence"] * rows["models"]).groupby(rows["method"]).sum()
        means = (weighted / rows.groupby("method")["models"].sum()).round(6)
        texts = {"convergence": means.map(str), "converged": (means >= CONVERGED).map(str)}
        known = {name: text.to_dict() for name, text in texts.items()}
        return [t.assign(**{n: [of.get(m, "") for m in t["method"]] for n, of in known.items()}) for t in tables]

    def _ordered(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows of units in the order in which a study plans them, those of one unit as they were."""
        if not set(UNIT) <= set(table.columns):
            return table
        axes = self.about["axes"]
        names = (axes["simulator"], axes["network"], self.about["data_seeds"], self.about["model_seeds"])
        places = {c: {str(name): i for i, name in enumerate(each)} for c, each in zip(UNIT, names, strict=True)}
        keys = pd.DataFrame({c: table[c].astype(str).map(places[c]).fillna(-1) for c in (UNIT[-1], *UNIT[:-1])})
        return table.loc[keys.sort_values(list(keys.columns), kind="stable").index].reset_index(drop=True)

    def _refuse(self, what: str, one: StudyPart, other: StudyPart) -> NoReturn:
        raise BadInput(
            f"{what} is not the same in {one.folder} and {other.folder}, so that they are not parts of one study; "
            "merge what was computed at one commit, with the same settings, split by simulator, network or method"
        )


def _each(lists: Sequence[Sequence[Any]]) -> list[Any]:
    return list(dict.fromkeys(value for values in lists for value in values))
