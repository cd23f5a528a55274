"""Files of a study, read in the types that `bench.columns` declares."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.columns.declaration import Columns, ColumnType
from bench.columns.written import ROWS, SCORES, STATUSES

#: keys of study.json that are read
_ABOUT = ("name", "created", "version", "git_sha", "headline", "against", "detect", "simulators", "networks")


class BadTables(ValueError):
    """A results folder that is missing, incomplete or inconsistent: one sentence naming the file and the fault."""


#: what libraries raise over a file that is torn, or is of another kind
_TORN = (OSError, pa.ArrowException, zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, json.JSONDecodeError)
_UNREADABLE = (*_TORN, pd.errors.ParserError, pd.errors.EmptyDataError)
MEND = "write it anew with 'python -m bench tables'"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Work that reads a file; raises BadTables where it is missing or cannot be read."""
    if not path.is_file():
        raise BadTables(f"{path} is missing; {MEND}")
    try:
        yield
    except _UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise BadTables(f"{path} cannot be read ({reason}); {MEND}") from error


def about(path: Path) -> dict[str, Any]:
    """The content of study.json; raises BadTables."""
    if not path.is_file():
        raise BadTables(f"{path} is missing: {path.parent} is not the results folder of a study")
    with reading(path):
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if missing := [key for key in _ABOUT if key not in content]:
        raise BadTables(f"{path} lacks {', '.join(missing)}; {MEND}")
    return content


def csv(path: Path, table: Columns) -> pd.DataFrame:
    """A table in its types; raises BadTables where it is missing, lacks a column or holds a value of another kind."""
    texts = untyped(path, dtype=str, keep_default_na=False)
    _check_columns(path, list(texts.columns), table.names)
    return pd.DataFrame({column.name: _typed(path, texts[column.name], column.kind) for column in table.columns})


def untyped(path: Path, **how: Any) -> pd.DataFrame:
    """A table as pandas reads it; raises BadTables where it is missing or torn."""
    with reading(path):
        return pd.read_csv(path, **how)


def _typed(path: Path, column: pd.Series, kind: ColumnType) -> pd.Series:
    if kind == "text":
        return column
    if kind == "flag":
        if unknown := sorted(set(column.str.lower()) - {"true", "false"}):
            raise BadTables(f"{path}: column {column.name} holds {unknown[0]!r}, which is neither True nor False")
        return column.str.lower() == "true"
    try:
        numbers = pd.Series([float(text or "nan") for text in column], column.index, dtype=float)
        return numbers.astype("int64") if kind == "whole" else numbers
    except ValueError as error:
        raise BadTables(f"{path}: column {column.name} holds something that is no number ({error})") from error


def parquet(path: Path, table: Columns) -> pd.DataFrame:
    """The columns of a table; raises BadTables where it is missing or lacks one."""
    with reading(path):
        _check_columns(path, pq.read_schema(path).names, table.names)
        return pq.ParquetFile(path).read(columns=table.names).to_pandas()


def parquet_as_texts(path: Path) -> pd.DataFrame:
    """All columns of a table, each value as a text, "" for what is missing; raises BadTables where it is torn."""
    with reading(path):
        table = pq.ParquetFile(path).read().to_pandas()
    return table.astype(object).where(table.notna(), "").astype(str)


def scores(files: list[Path], simulator: str, network: str) -> pd.DataFrame:
    """One partition, texts as categories; the names of its folders are columns. Raises BadTables."""
    named = {"simulator": simulator, "network": network}
    table = pa.concat_tables([_raw(file) for file in files]).unify_dictionaries()
    rows = table.to_pandas(self_destruct=True, split_blocks=True)
    columns = {name: _category(rows[name]) for name in ROWS.kind("text")}
    zero = np.zeros(len(rows), dtype=np.int8)
    folders = {name: pd.Categorical.from_codes(zero, pd.Index([text])) for name, text in named.items()}
    return rows.assign(**columns, **folders)[SCORES.names]


def count_rows(file: Path) -> int:
    """Rows of a score file, by what it says of itself. Raises BadTables."""
    with reading(file):
        return int(pq.read_metadata(file).num_rows)


def _raw(file: Path) -> pa.Table:
    """One score file, texts as dictionaries: a text is decoded once, not once per row."""
    with reading(file):
        _check_columns(file, pq.read_schema(file).names, ROWS.names)
        table = pq.ParquetFile(file, read_dictionary=sorted(ROWS.kind("text"))).read(columns=ROWS.names)
    if unknown := sorted(set(table["status"].unique().to_pylist()) - set(STATUSES)):
        raise BadTables(f"{file}: status {unknown[0]!r} is not one of {', '.join(STATUSES)}")
    return table


def _category(text: pd.Series) -> pd.Series:
    """The same categories in the order of their names, with "" for what is missing."""
    missing = [""] if text.isna().any() and "" not in text.cat.categories else []
    return text.cat.set_categories(sorted([*text.cat.categories, *missing])).fillna("")


def _check_columns(path: Path, present: list[str], wanted: list[str]) -> None:
    if missing := [name for name in wanted if name not in present]:
        raise BadTables(f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; {MEND}")
