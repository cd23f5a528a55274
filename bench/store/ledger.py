"""The ledger of a study's folder: the hash of every table, panel, figure and page, as it was written."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from bench.store import files
from bench.store.keys import key

LEDGER = "ledger.json"
#: what is written of a study but its plan, heartbeats, logs and views
WRITTEN = ("*.csv", "*.parquet", "study.json", "*.npz", "*.html", "scores/*/*/*.parquet", "figures/*")
FOLDERS = ("figures", "scores", "logs", "progress")
SUFFIXES = (".csv", ".parquet", ".json", ".npz", ".html", ".png", ".pdf", ".md", ".tex")


def write(folder: Path) -> None:
    """Vouch for all that a study's folder holds now."""
    _write(folder, _hashes(folder))


def disown(folder: Path) -> None:
    """Vouch for nothing."""
    files.remove(folder / LEDGER)


@contextlib.contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Work that writes some files of a study's folder: what changes is vouched for, what was damaged before is not.

    Nothing is vouched for where nothing was, as the work may leave what others wrote.
    """
    listed, before = read(folder), _hashes(folder)
    yield
    if listed is not None:
        _write(folder, {**listed, **{n: h for n, h in _hashes(folder).items() if before.get(n) != h}})


def read(folder: Path) -> dict[str, str] | None:
    """{name: sha256} of the files vouched for; None where no ledger of this study can be read."""
    try:
        content = files.json_object(folder / LEDGER)
        listed = content["files"]
        return dict(listed) if content["seal"] == _seal(folder, listed) else None
    except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):
        return None


def disagreeing(folder: Path) -> list[str]:
    """Names of files that are not what the ledger says, or that it does not know; its own where it cannot be read."""
    listed = read(folder)
    if listed is None:
        return [LEDGER]
    there = _hashes(folder)
    return sorted(name for name in {*listed, *there} if listed.get(name) != there.get(name))


def clear_names(folder: Path) -> None:
    """Remove what has the name of a file or folder that is written there, and is none."""
    for name in FOLDERS:
        files.make_way(folder / name)
    for path in [p for pattern in ("*", "scores/*/*/*", "figures/*") for p in folder.glob(pattern)]:
        if path.suffix in SUFFIXES and not path.is_file():
            files.log.warning("%s is no file: removed, as a file of this name is needed", path)
            files.remove(path)


def _write(folder: Path, listed: dict[str, str]) -> None:
    content = {"files": listed, "seal": _seal(folder, listed)}
    files.write_bytes(folder / LEDGER, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def _seal(folder: Path, listed: dict[str, str]) -> str:
    return key({"study": folder.name, "files": listed})


def _hashes(folder: Path) -> dict[str, str]:
    paths = (path for pattern in WRITTEN for path in folder.glob(pattern))
    return {str(p.relative_to(folder)): files.sha256(p) for p in paths if p.is_file() and not p.name.startswith(".")}
