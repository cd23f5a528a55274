"""Artefacts: immutable folders `<stage>/<readable>-<key>/` with a sealed record of their place and checksums."""

import contextlib
import json
import logging
import re
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
#: the hash of everything else in a record, so that neither the record nor what it says of its place can change unseen
SEAL = "seal"
KEY_LENGTH = 16
#: names of artefacts, and of the folders of scores
NAMED = re.compile(rf"[^.].*-[0-9a-f]{{{KEY_LENGTH}}}", re.DOTALL)
#: the folder beside those of the stages that holds scores
SCORES = "scores"
#: how coarse the times of a file system may be
MOMENT_NS = 2 * 10**9
log = logging.getLogger("bench.store")


class Damaged(RuntimeError):
    """A stored file is not what its record says; the artefact has been removed and must be made again."""


@dataclass
class Artefacts:
    """The folders under `root`, found by key.

    Methods raise Damaged when a file fails its checksum, or a record its seal or speaks of another stage, key or name
    than it is found under; and BadInput when the disk is full.
    """

    root: Path
    _index: dict[str, dict[str, Path]] = field(default_factory=dict, repr=False)
    _stamps: dict[str, int | None] = field(default_factory=dict, repr=False)

    def find(self, stage: str, key: str) -> Path | None:
        """The artefact's folder if its record exists; contents are verified by `read`."""
        folder = self._index.get(stage, {}).get(key)
        if folder is not None and (folder / RECORD).exists():
            return folder
        folder = None if self._unchanged(stage) else self._listed(stage).get(key)
        return folder if folder is not None and (folder / RECORD).exists() else None

    def keys(self, stage: str) -> dict[str, Path]:
        """{key: folder} of all artefacts of a stage, read afresh."""
        return {key: folder for key, folder in self._listed(stage).items() if (folder / RECORD).exists()}

    def stages(self) -> list[str]:
        """The stages that have a folder."""
        return [folder.name for folder in self._folders() if not _is_copy(folder)]

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
        files.make_way(folder.parent)
        existing = self.find(stage, key)
        if existing and replace:
            files.remove(existing)
        with files.scratch(folder) as temporary:
            write(temporary)
            place = {"stage": stage, "key": key, "name": folder.name}
            full = {**plain(record), **place, "files": _checksums(temporary)}
            sealed = {**full, SEAL: key_of(full)}
            (temporary / RECORD).write_text(json.dumps(sealed, indent=1, sort_keys=True) + "\n")
            if not files.publish(temporary, folder) and not _answers(folder):
                # a folder without a valid record answers for nothing, and must not keep the name
                files.publish(temporary, folder, replace=True)
        self._index.setdefault(stage, {})[key] = folder
        return folder

    def record(self, stage: str, key: str) -> dict[str, Any]:
        """The record of an artefact; raises KeyError when there is none."""
        folder = self.find(stage, key)
        if folder is None:
            raise KeyError(f"{stage} {key}")
        try:
            return _sealed(folder)
        except FileNotFoundError as error:
            raise KeyError(f"{stage} {key}") from error
        except ValueError as error:
            raise self._damaged(folder, RECORD) from error

    def known(self, stage: str, key: str) -> dict[str, Any] | None:
        """The record of an artefact; None where there is none, or a damaged one, which is then removed."""
        try:
            return self.record(stage, key)
        except (KeyError, Damaged):
            return None

    def read(self, stage: str, key: str) -> Path:
        """The folder, after every file has been checked against the record."""
        record = self.record(stage, key)
        folder = self.find(stage, key)
        if folder is None:
            raise KeyError(f"{stage} {key}")
        if name := next(_changed(folder, record), None):
            raise self._damaged(folder, name)
        return folder

    def remove(self, stage: str, key: str) -> None:
        """Forget an artefact; nothing happens when there is none.

        Two processes that made it at the same time may have called it by two names.
        """
        if self.find(stage, key):
            for folder in _named(self.root / stage):
                if folder.name[-KEY_LENGTH:] == key:
                    files.remove(folder)
            self._index[stage].pop(key, None)

    def verify(self) -> Iterator[str]:
        """Check every artefact and drop the damaged ones, yielding one sentence for each."""
        for stage in self.stages():
            for folder in _named(self.root / stage):
                try:
                    name = next(_changed(folder, _sealed(folder)), None)
                except (ValueError, FileNotFoundError):
                    name = RECORD
                if name is not None:
                    yield str(self._damaged(folder, name))

    def foreign(self) -> Iterator[str]:
        """One sentence for each thing that lies among the artefacts and is none; nobody reads it."""
        for folder in self._folders():
            yield from [_left_out(folder)] if _is_copy(folder) else left_out(folder)

    def _folders(self) -> list[Path]:
        """What lies beside the scores, stages and whatever else somebody put there."""
        folders = sorted(p for p in self.root.iterdir() if p.is_dir()) if self.root.is_dir() else []
        return [p for p in folders if not p.name.startswith(".") and p.name != SCORES]

    def _unchanged(self, stage: str) -> bool:
        """True if nothing was added to a stage, or taken from it, since it was listed."""
        listed = self._stamps.get(stage) if stage in self._index else None
        return listed is not None and listed == self._stamp(stage)

    def _stamp(self, stage: str) -> int | None:
        """Time of the last addition or removal; None where that was just now, as more may come at the same time."""
        folder = self.root / stage
        stamp = folder.stat().st_mtime_ns if folder.exists() else 0
        return stamp if time.time_ns() - stamp > MOMENT_NS else None

    def _listed(self, stage: str) -> dict[str, Path]:
        """{key: folder} of what is called like an artefact; whether each has a record is not asked, as a disk that many
        share takes a moment to say so."""
        self._stamps[stage] = self._stamp(stage)
        index = self._index[stage] = {}
        for folder in _named(self.root / stage):
            other = index.setdefault(folder.name[-KEY_LENGTH:], folder)
            if other is not folder and not (other / RECORD).exists():
                index[folder.name[-KEY_LENGTH:]] = folder
        return index

    def _damaged(self, folder: Path, name: str) -> Damaged:
        files.remove(folder)
        self._index.pop(folder.parent.name, None)
        sentence = f"damaged file {folder.name}/{name} in {folder.parent}: removed, it will be computed again"
        log.warning(sentence)
        return Damaged(sentence)


def verified_record(folder: Path) -> dict[str, Any]:
    """The record of an artefact of anybody's, every file checked; nothing is removed.

    Raises:
        Damaged: where it is not what was written.
    """
    try:
        record = _sealed(folder)
        name = next(_changed(folder, record), None)
    except (ValueError, FileNotFoundError):
        name = RECORD
    if name is not None:
        raise Damaged(f"{folder / name} is not what was written")
    return record


def left_out(folder: Path) -> Iterator[str]:
    """One sentence for each thing in a folder of artefacts or scores whose name is neither that of one nor hidden."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not path.name.startswith(".") and not NAMED.fullmatch(path.name):
            yield _left_out(path)


def _left_out(path: Path) -> str:
    return f"{path} is nothing of ours: left out"


def _is_copy(folder: Path) -> bool:
    """Whether a folder is no stage but a copy of one, or a link to it: whole records in it speak of another alone.

    Nothing in it is damaged, and what somebody keeps there is theirs.
    """
    stages = set[str]()
    for path in _named(folder):
        with contextlib.suppress(ValueError, FileNotFoundError):
            stages.add(str(_whole(path)["stage"]))
        if folder.name in stages:
            return False
    return bool(stages)


def _named(folder: Path) -> list[Path]:
    """What is called as artefacts are, whatever it is."""
    return sorted(p for p in folder.iterdir() if NAMED.fullmatch(p.name)) if folder.is_dir() else []


def _sealed(folder: Path) -> dict[str, Any]:
    """The record of a folder.

    Raises:
        FileNotFoundError: where it has none. ValueError: where it is not what was written, or was written elsewhere.
    """
    record = _whole(folder)
    place = {"stage": folder.parent.name, "key": folder.name[-KEY_LENGTH:]}
    # records of before the name was sealed have none
    if record | place != record or record.get("name", folder.name) != folder.name:
        raise ValueError("it was written elsewhere")
    return record


def _whole(folder: Path) -> dict[str, Any]:
    """The record of a folder, wherever it was written; raises as `_sealed` does."""
    record = files.json_object(folder / RECORD)
    try:
        whole = record.pop(SEAL, None) == key_of(record)
    except RecursionError:
        whole = False
    if not (whole and "stage" in record and isinstance(record.get("files"), dict)):
        raise ValueError("its seal is broken")
    return record


def _answers(folder: Path) -> bool:
    try:
        return bool(_sealed(folder))
    except (ValueError, FileNotFoundError):
        return False


def _changed(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    """Files that are not what the record says."""
    for name, expected in record["files"].items():
        path = folder / name
        if not path.is_file() or files.sha256(path) != expected:
            yield name


def _checksums(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): files.sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}
