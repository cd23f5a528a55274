"""Files that are either whole or absent."""

import contextlib
import errno
import hashlib
import io
import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.contracts import BadInput
from bench.store import processes

REFUSALS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission is denied",
}
#: what the names of files begin with that an interrupted call goes on from
UNFINISHED = ".unfinished-"
#: bytes; a disk with less is full
ROOM = 2**16
log = logging.getLogger("bench.store")


class Unwritable(BadInput):
    """The disk takes nothing more; no other cell would fare better."""


@contextlib.contextmanager
def sentence_if_unwritable(path: Path) -> Iterator[None]:
    """Turn a full or a read-only disk into one sentence."""
    try:
        yield
    except Exception as error:
        number = errno.ENOSPC if _no_room(path.parent) else _number(error)
        if number not in REFUSALS:
            raise
        raise refusal(number, path) from error


def _number(error: Exception) -> int | None:
    """The `errno` behind an error; libraries written in Rust (safetensors) tell it in words alone."""
    words = re.search(r"\(os error (\d+)\)", str(error))
    return int(words[1]) if words else getattr(error, "errno", None)


def refusal(number: int, path: Path | str) -> Unwritable:
    """The sentence for an `errno` of REFUSALS."""
    mend = "free space or set paths.results to another disk, then issue the same command"
    return Unwritable(f"{REFUSALS[number]} while writing {path}; {mend}")


def _no_room(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < ROOM
    return False


def json_object(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds.

    Raises:
        FileNotFoundError: where nothing is there. ValueError: where it is no file, no JSON, nested too deeply, or holds
            no object.
    """
    if not os.path.lexists(path):
        raise FileNotFoundError(path)
    if not path.is_file():
        raise ValueError("it is no file")
    try:
        content = json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError("it holds no object")
    return content


def make_folder(path: Path) -> None:
    """Make a folder and those above it; raises Unwritable where something else has one of their names."""
    try:
        with sentence_if_unwritable(path):
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTDIR, errno.ELOOP):
            raise
        blocked = next(p for p in (path, *path.parents) if os.path.lexists(p) and not p.is_dir())
        way = f"{blocked} is no folder: set paths.results to another place, or move that away"
        raise Unwritable(f"{path} cannot be written, as {way}; then issue the same command") from error


def make_way(path: Path) -> None:
    """Remove what has the name of a folder of ours and is none, and say so."""
    if os.path.lexists(path) and not path.is_dir():
        log.warning("%s is no folder: removed, as a folder of this name is needed", path)
        remove(path)


def hidden(folder: Path) -> Path:
    """A name beside others in `folder` that no reader looks at and no other writer has."""
    return folder / f".tmp-{processes.mark(os.getpid())}-{uuid.uuid4().hex}"


def sweep(folder: Path) -> None:
    """Delete what processes of this machine left under hidden names, up to two folders below, when they died."""
    for path in [p for pattern in (".tmp-*", "*/.tmp-*", "*/*/.tmp-*", "*/*/*/.tmp-*") for p in folder.glob(pattern)]:
        if processes.is_over(path.name.split("-")[1]):
            _delete(path)


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` (same file system), gone at the end."""
    temporary = hidden(folder.parent)
    try:
        with sentence_if_unwritable(folder):
            make_folder(folder.parent)
            temporary.mkdir()
            yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def publish(temporary: Path, folder: Path, replace: bool = False) -> bool:
    """Move a finished folder to its name in one step; False when another writer was first and its folder stays."""
    for path in [p for p in temporary.rglob("*") if p.is_file()]:
        _sync(path)
    _sync(temporary)
    try:
        temporary.rename(folder)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise
        if folder.is_dir() and not replace:
            return False
        remove(folder)
        return publish(temporary, folder)
    _sync(folder.parent)
    return True


def write_bytes(path: Path, data: bytes) -> None:
    """One file, written beside its name and moved there."""
    temporary = hidden(path.parent)
    try:
        with sentence_if_unwritable(path):
            make_folder(path.parent)
            temporary.write_bytes(data)
            _sync(temporary)
            if path.is_dir():
                remove(path)
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_parquet(path: Path, table: pa.Table) -> None:
    """A Parquet file; the same table gives the same bytes."""
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    write_bytes(path, stream.getvalue())


def remove(path: Path) -> None:
    """Delete a folder or a file: moved out of sight first, so that no reader meets half of it."""
    aside = hidden(path.parent)
    with contextlib.suppress(FileNotFoundError):
        path.rename(aside)
        _delete(aside)


def _delete(path: Path) -> None:
    folder = path.is_dir() and not path.is_symlink()
    shutil.rmtree(path, ignore_errors=True) if folder else path.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
