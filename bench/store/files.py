"""Files that are either whole or absent."""

import contextlib
import errno
import hashlib
import io
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.contracts import BadInput


@contextlib.contextmanager
def said_when_full(path: Path) -> Iterator[None]:
    """Turn a full disk into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BadInput(
            f"the disk is full while writing {path}; free space or set paths.results to another disk, "
            "then issue the same command"
        ) from error


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` (same file system), gone at the end."""
    temporary = folder.parent / f".tmp-{uuid.uuid4().hex}"
    with said_when_full(folder):
        temporary.mkdir(parents=True)
        try:
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
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        if not replace:
            return False
        remove(folder)
        return publish(temporary, folder)
    _sync(folder.parent)
    return True


def write_bytes(path: Path, data: bytes) -> None:
    """One file, written beside its name and moved there."""
    temporary = path.parent / f".tmp-{uuid.uuid4().hex}"
    with said_when_full(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            _sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_parquet(path: Path, table: pa.Table) -> None:
    """A Parquet file; the same table gives the same bytes."""
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    write_bytes(path, stream.getvalue())


def remove(folder: Path) -> None:
    """Delete a folder: moved out of sight first, so that no reader meets half of it."""
    aside = folder.parent / f".tmp-{uuid.uuid4().hex}"
    with contextlib.suppress(FileNotFoundError):
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


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
