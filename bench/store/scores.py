"""Scores: tidy rows of one unit and method, in immutable shards merged by metric key on reading.

`scores/<cell>-<key>/<sha256-16>.parquet`: a shard is named by the hash of its bytes, so writers never meet, a damaged
shard is known by its name, and two shards with the same metric key hold the same rows.
"""

import hashlib
import io
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.columns.written import SHARD
from bench.names import slug
from bench.store import files
from bench.store.artefacts import KEY_LENGTH, NAMED, Damaged, left_out

SCHEMA = SHARD.schema
META = b"bench"
#: what is made of the bytes of a shard
Parse = Callable[[io.BytesIO], Any]
log = logging.getLogger("bench.store")


@dataclass
class Scores:
    """The score shards under `root`, one folder a cell (a unit and a method).

    Folders are listed once: an instance sees the cells that existed then and those it adds.
    """

    root: Path
    _folders: dict[str, Path] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        folders = sorted(p for p in self.root.iterdir() if p.is_dir()) if self.root.is_dir() else []
        self._folders = {p.name[-KEY_LENGTH:]: p for p in folders if NAMED.fullmatch(p.name)}

    def add(self, name: str, cell: str, rows: pd.DataFrame, records: Mapping[str, Mapping[str, Any]]) -> Path:
        """Write rows (columns of SHARD) as a new shard; records: {metric key: cost, source and configuration}."""
        folder = self._folders.setdefault(cell, self.root / f"{slug(name)}-{cell}")
        return self._write(folder, _table(rows, records))

    def read(self, cell: str) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
        """(rows, records) of a cell; of shards with the same metric key the first by name counts."""
        shards = self._shards(cell)
        records: dict[str, dict[str, Any]] = {}
        parts = []
        for table in shards.values():
            new = {k: v for k, v in _meta(table.schema).items() if k not in records}
            records |= new
            frame = table.to_pandas()
            parts.append(frame[frame["metric_key"].isin(list(new))])
        rows = pd.concat(parts, ignore_index=True) if parts else SCHEMA.empty_table().to_pandas()
        return rows, records

    def known(self, cell: str) -> dict[str, dict[str, Any]]:
        """{metric key: record} of a cell."""
        records: dict[str, dict[str, Any]] = {}
        for schema in self._shards(cell, _schema).values():
            records = {**_meta(schema), **records}
        return records

    def cells(self) -> dict[str, Path]:
        """{key: folder} of all cells."""
        return dict(self._folders)

    def verify(self) -> Iterator[str]:
        """Check every shard and drop the damaged ones, yielding one sentence for each."""
        for folder in self._folders.values():
            for path in sorted(folder.glob("*.parquet")):
                if os.path.lexists(path) and _load(path, _read) is None:
                    yield _damaged(path)

    def foreign(self) -> Iterator[str]:
        """One sentence for each thing that lies among the scores and is none; nobody reads it."""
        yield from left_out(self.root)

    def drop(self, cell: str, keys: Sequence[str]) -> None:
        """Forget some metric keys of a cell, before they are computed anew."""
        folder = self._folders.get(cell)
        if folder is None or not set(keys) & self.known(cell).keys():
            return
        rows, records = self.read(cell)
        old = list(self._shards(cell))
        kept = {k: v for k, v in records.items() if k not in keys}
        new = self._write(folder, _table(rows[rows["metric_key"].isin(list(kept))], kept)) if kept else None
        _unlink([p for p in old if p != new])

    def compact(self, cell: str) -> None:
        """Merge a cell's shards into one; readers see every row at every moment."""
        folder = self._folders.get(cell)
        old = list(self._shards(cell))
        if folder is None or len(old) < 2:
            return
        rows, records = self.read(cell)
        merged = self._write(folder, _table(rows, records))
        _unlink([p for p in old if p != merged])

    def _shards(self, cell: str, parse: Parse | None = None) -> dict[Path, Any]:
        """Every whole shard of a cell as a table, or as `parse` reads it; damaged ones are removed, and said."""
        folder = self._folders.get(cell)
        while folder:
            try:
                shards = {p: _load(p, parse or _read) for p in sorted(folder.glob("*.parquet"))}
            except FileNotFoundError:
                # another process merged them since they were listed: what they held is in a new shard
                continue
            for path in (p for p, shard in shards.items() if shard is None):
                log.warning("%s", _damaged(path))
            return {p: shard for p, shard in shards.items() if shard is not None}
        return {}

    def _write(self, folder: Path, table: pa.Table) -> Path:
        stream = io.BytesIO()
        pq.write_table(table, stream, compression="zstd")
        data = stream.getvalue()
        files.make_way(self.root)
        files.make_way(folder)
        path = folder / f"{_digest(data)}.parquet"
        files.write_bytes(path, data)
        return path


def records(table: pa.Table) -> dict[str, dict[str, Any]]:
    """{metric key: record} of a shard."""
    return _meta(table.schema)


def verified_shards(folder: Path) -> dict[Path, pa.Table]:
    """The shards of a cell of anybody's, every one checked; nothing is removed.

    Raises:
        Damaged: where one is not what was written.
    """
    shards = {path: _load(path, _read) for path in sorted(folder.glob("*.parquet"))}
    if lost := next((path for path, table in shards.items() if table is None), None):
        raise Damaged(f"{lost} is not what was written")
    return shards


def _load(path: Path, parse: Parse) -> Any | None:
    """A shard as `parse` reads it, or None where it is not what was written or is no shard, whatever its name."""
    if not path.is_file() and os.path.lexists(path):
        return None
    data = path.read_bytes()
    if _digest(data) != path.stem:
        return None
    try:
        return parse(io.BytesIO(data))
    except (ValueError, OSError, pa.ArrowException, RecursionError):
        return None


def _read(file: io.BytesIO) -> pa.Table:
    """The table of a shard; raises ValueError for any other table."""
    _schema(file)
    return pq.read_table(file)


def _schema(file: io.BytesIO) -> pa.Schema:
    """The schema of a shard with its records; raises ValueError for that of any other table."""
    schema = pq.read_schema(file)
    if schema.remove_metadata() != SCHEMA or not _speaks(_meta(schema)):
        raise ValueError("its columns or records are not those of a shard")
    return schema


def _speaks(records: Any) -> bool:
    """Whether metadata are records by metric key."""
    return isinstance(records, dict) and all(isinstance(record, dict) for record in records.values())


def _damaged(path: Path) -> str:
    """Remove a damaged shard; the sentence that says so."""
    files.remove(path)
    return f"damaged file {path.name} in {path.parent}: removed, it will be computed again"


def _table(rows: pd.DataFrame, records: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    table = pa.Table.from_pandas(rows.reindex(columns=SHARD.names), schema=SCHEMA, preserve_index=False)
    return table.replace_schema_metadata({META: json.dumps(records, sort_keys=True).encode()})


def _meta(schema: pa.Schema) -> dict[str, dict[str, Any]]:
    records: dict[str, dict[str, Any]] = json.loads((schema.metadata or {}).get(META, b"{}"))
    return records


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:KEY_LENGTH]


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
