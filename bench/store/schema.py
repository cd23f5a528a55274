"""Which layout a store and a study's tables were written in, so that another version of this code cannot misread them.

`store/schema.json` says so for the store, the field `schema` of `study.json` for the tables. Both began without it.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.contracts import BadInput
from bench.store import files

MARK = "schema.json"
#: raised when folders, records or shards of the store are laid out otherwise
STORE = 1
#: raised when columns of the tables change their meaning
TABLES = 1


def _mark(root: Path) -> None:
    files.write_bytes(root / MARK, (json.dumps({"schema": STORE}) + "\n").encode())


#: {from: what brings a store to the next schema}; a store that no chain of these reaches is refused
UPGRADES: Mapping[int, Callable[[Path], None]] = {0: _mark}


def claim(root: Path) -> None:
    """Say in which schema a new store is written; nothing happens to one that says so already."""
    if not (root / MARK).exists():
        _mark(root)


def check_store(root: Path) -> None:
    """Upgrade an older store where a way is known.

    Raises:
        BadInput: for a store of a newer schema, or an older one that cannot be upgraded, naming the command to use.
    """
    found = _schema(root / MARK) if root.is_dir() else STORE
    while found in UPGRADES and found < STORE:
        UPGRADES[found](root)
        found += 1
    if found != STORE:
        raise BadInput(
            f"{root} was written in store schema {found}, this version of the code has {STORE}: "
            f"{_newer(found, STORE)}issue the same command with paths.results=<a new folder>"
        )


def check_tables(folder: Path) -> None:
    """Refuse tables of another schema; raises BadInput naming the command that writes them anew."""
    found = _schema(folder / "study.json", first=TABLES)
    if found != TABLES:
        raise BadInput(
            f"{folder} holds tables of schema {found}, this version of the code has {TABLES}: "
            f"{_newer(found, TABLES)}write them anew with 'python -m bench tables study={folder.name}'"
        )


def _newer(found: int, ours: int) -> str:
    return "update the code, or " if found > ours else ""


def _schema(path: Path, first: int = 0) -> int:
    """The schema a file names, `first` for files from before there was one."""
    if not path.exists():
        return first
    try:
        found: Any = json.loads(path.read_text())["schema"]
    except KeyError:
        return first
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path} cannot be read ({error}); delete it, and issue the same command") from error
    if type(found) is not int:
        raise BadInput(f"{path} names the schema {found!r}, which is no whole number; delete it")
    return found
