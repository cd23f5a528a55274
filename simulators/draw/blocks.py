"""Files that grow by blocks, each noted with its checksums once written, so that a killed writer is gone on from."""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

JOURNAL = "blocks.jsonl"


class KeptBlocks:
    """Files of a folder up to the last whole block, with what was noted of each block; the rest is cut off.

    notes: of the blocks that are there, in order.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.paths, self.journal = [folder / name for name in names], folder / JOURNAL
        whole = list(self._whole())
        self.notes = [block["note"] for block in whole]
        self.journal.write_text("".join(map(_line, whole)))
        for path, end in zip(self.paths, whole[-1]["ends"] if whole else [0] * len(names), strict=True):
            with path.open("ab") as stream:
                stream.truncate(end)

    def add(self, pieces: Iterable[Sequence[bytes]], note: Any) -> None:
        """Append pieces, each a part for every file, then their note, which is read after the last piece."""
        digests = [hashlib.sha256() for _ in self.paths]
        with contextlib.ExitStack() as files:
            streams = [files.enter_context(path.open("ab")) for path in self.paths]
            for piece in pieces:
                for stream, digest, part in zip(streams, digests, piece, strict=True):
                    stream.write(part)
                    digest.update(part)
        ends = [path.stat().st_size for path in self.paths]
        with self.journal.open("a") as journal:
            journal.write(_line({"note": note, "ends": ends, "sha256": [digest.hexdigest() for digest in digests]}))
        self.notes.append(note)

    def close(self) -> None:
        """Forget where blocks end; the files stay."""
        self.journal.unlink()

    def _whole(self) -> Iterator[dict[str, Any]]:
        """The blocks before the first that is damaged."""
        starts = [0] * len(self.paths)
        with contextlib.suppress(OSError, ValueError, TypeError, LookupError):
            for line in self.journal.read_bytes().splitlines():
                block = json.loads(line)
                if [*map(_digest, self.paths, starts, block["ends"])] != block["sha256"]:
                    return
                starts = block["ends"]
                yield {name: block[name] for name in ("note", "ends", "sha256")}


def _line(block: dict[str, Any]) -> str:
    return json.dumps(block) + "\n"


def _digest(path: Path, start: int, end: int) -> str:
    with path.open("rb") as stream:
        stream.seek(start)
        return hashlib.sha256(stream.read(end - start)).hexdigest()
