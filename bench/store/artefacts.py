"""Artefacts: immutable folders `<stage>/<readable>-<key>/` with a record of their key and checksums."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.names import slug
from bench.store import files
from bench.store.keys import key as key_of
from bench.store.keys import plain

RECORD = "record.json"
#: the hash of everything else in a record, so that the record itself cannot change unseen
SEAL = "seal"
KEY_LENGTH = 16
#: how coarse the times of a file system may be
MOMENT_NS = 2 * 10**9
log = logging.getLogger("bench.store")


class Damaged(RuntimeError):
    """A stored file is not what its record says; the artefact has been removed and must be made again."""


@dataclass
class Artefacts:
    """The folders under `root`, found by key.

    Methods raise Damaged when a file fails its checksum, and BadInput when the disk is full.
    """

    root: Path
    _index: dict[str, dict[str, Path]] = field(default_factory=dict, repr=False)
    _stamps: dict[str, int | None] = field(default_factory=dict, repr=False)

    def find(self, stage: str, key: str) -> Path | None:
        """The artefact's folder if its record exists; contents are verified by `read`."""
        folder = self._index.get(stage, {}).get(key)
        if folder is not None and (folder / RECORD).exists():
            return folder
        return None if self._unchanged(stage) else self.keys(stage).get(key)

    def keys(self, stage: str) -> dict[str, Path]:
        """{key: folder} of all artefacts of a stage, read afresh."""
        self._stamps[stage] = self._stamp(stage)
        self._index[stage] = self._scan(stage)
        return dict(self._index[stage])

    def stages(self) -> list[str]:
        """The stages that have a folder."""
        return sorted(p.name for p in self.root.iterdir() if p.is_dir()) if self.root.exists() else []

    def put(
        self,
        stage: str,
        name: str,
        key: str,
        write: Callable[[Path], None],
        record: Mapping[str, Any],
        replace: bool = False,
    ) -> Path:
        """Write an artefact with `write(folder)`; where another process was first, its artefact stays."""
        folder = self.root / stage / f"{slug(name)}-{key}"
        existing = self.find(stage, key)
        if existing and replace:
            files.remove(existing)
        with files.scratch(folder) as temporary:
            write(temporary)
            full = {**plain(record), "key": key, "stage": stage, "files": _checksums(temporary)}
            sealed = {**full, SEAL: key_of(full)}
            (temporary / RECORD).write_text(json.dumps(sealed, indent=1, sort_keys=True) + "\n")
            if not files.publish(temporary, folder) and not (folder / RECORD).exists():
                # a folder that lost its record answers for nothing, and must not keep the name
                files.publish(temporary, folder, replace=True)
        self._index.setdefault(stage, {})[key] = folder
        return folder

    def record(self, stage: str, key: str) -> dict[str, Any]:
        """The record of an artefact; raises KeyError when there is none."""
        folder = self.find(stage, key)
        if folder is None:
            raise KeyError(f"{stage} {key}")
        try:
            record: dict[str, Any] = json.loads((folder / RECORD).read_text())
        except FileNotFoundError as error:
            raise KeyError(f"{stage} {key}") from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise self._damaged(folder, RECORD) from error
        if record.pop(SEAL, None) != key_of(record):
            raise self._damaged(folder, RECORD)
        return record

    def read(self, stage: str, key: str) -> Path:
        """The folder, after every file has been checked against the record."""
        record = self.record(stage, key)
        folder = self.find(stage, key)
        if folder is None:
            raise KeyError(f"{stage} {key}")
        for name, expected in record["files"].items():
            path = folder / name
            if not path.is_file() or files.sha256(path) != expected:
                raise self._damaged(folder, name)
        return folder

    def remove(self, stage: str, key: str) -> None:
        """Forget an artefact; nothing happens when there is none."""
        if folder := self.find(stage, key):
            files.remove(folder)
            self._index[stage].pop(key, None)

    def verify(self) -> Iterator[str]:
        """Check every artefact and drop the damaged ones, yielding one sentence for each."""
        for stage in self.stages():
            for key in self.keys(stage):
                try:
                    self.read(stage, key)
                except Damaged as error:
                    yield str(error)

    def _unchanged(self, stage: str) -> bool:
        """True if nothing was added to a stage, or taken from it, since it was listed."""
        listed = self._stamps.get(stage) if stage in self._index else None
        return listed is not None and listed == self._stamp(stage)

    def _stamp(self, stage: str) -> int | None:
        """Time of the last addition or removal; None where that was just now, as more may come at the same time."""
        folder = self.root / stage
        stamp = folder.stat().st_mtime_ns if folder.exists() else 0
        return stamp if time.time_ns() - stamp > MOMENT_NS else None

    def _scan(self, stage: str) -> dict[str, Path]:
        folder = self.root / stage
        entries = folder.iterdir() if folder.exists() else ()
        named = [p for p in entries if not p.name.startswith(".") and "-" in p.name]
        return {p.name[-KEY_LENGTH:]: p for p in named if (p / RECORD).exists()}

    def _damaged(self, folder: Path, name: str) -> Damaged:
        files.remove(folder)
        self._index.pop(folder.parent.name, None)
        sentence = f"damaged file {folder.name}/{name} in {folder.parent}: removed, it will be computed again"
        log.warning(sentence)
        return Damaged(sentence)


def _checksums(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): files.sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}
