"""The layout a store and a study's tables were written in, so that another version of this code cannot misread them.

`store/schema.json` says so for the store, the field `schema` of `study.json` for the tables.
"""

import json
from pathlib import Path
from typing import Any

from bench.contracts import BadInput
from bench.store import files

MARK = "schema.json"
#: raised when folders, records or shards of the store are laid out otherwise
STORE = 1
#: raised when columns of the tables change their meaning
TABLES = 1


def claim(root: Path) -> None:
    """Say in which schema a new store is written; nothing happens to one that says so already."""
    if not (root / MARK).exists():
        files.write_bytes(root / MARK, (json.dumps({"schema": STORE}) + "\n").encode())


def check_store(root: Path) -> None:
    """Refuse a store of another schema; raises BadInput naming the command to use."""
    if root.exists() and not root.is_dir():
        raise BadInput(f"{root} is no folder; move it away, then issue the same command")
    if root.is_dir():
        put_back = f"put back {root / MARK}, or " if not (root / MARK).exists() else ""
        mend = f"{put_back}issue the same command with paths.results=<a new folder>"
        _check(root / MARK, STORE, f"{root} was written in store schema", mend)


def check_tables(folder: Path) -> None:
    """Refuse tables of another schema; raises BadInput naming the command that writes them anew."""
    mend = "write them anew with 'python -m bench tables' and the words that made them"
    _check(folder / "study.json", TABLES, f"{folder} holds tables of schema", mend)


def _check(path: Path, ours: int, what: str, mend: str) -> None:
    schema = _schema(path, mend)
    if schema != ours:
        newer = "update the code, or " if isinstance(schema, int) and schema > ours else ""
        raise BadInput(
            f"{what} {'unknown' if schema is None else schema}, this version of the code has {ours}: {newer}{mend}"
        )


def _schema(path: Path, mend: str) -> Any:
    """The schema a file names, None where there is no file or it names none."""
    if not path.exists():
        return None
    try:
        schema = files.json_object(path).get("schema")
    except ValueError as error:
        raise BadInput(f"{path} cannot be read ({error}); put back a whole copy, or {mend}") from error
    if schema is not None and type(schema) is not int:
        raise BadInput(
            f"{path} names the schema {schema!r}, which is no whole number; put back a whole copy, or {mend}"
        )
    return schema
