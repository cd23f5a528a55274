"""Files of a report, each whole or absent: another call may write or read those of the same study meanwhile.

A report knows tables alone and no store, so that `bench.store.files` is not its to call.
"""

import uuid
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """One file, written beside its name and moved there; `store prune` deletes what a killed process left."""
    temporary = path.with_name(f".tmp-{uuid.uuid4().hex}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
