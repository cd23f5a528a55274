"""Edition of a published study: its tables, and a record of what they are, which nothing changes afterwards.

The digest of an edition is the sha256 of a text with a line `sha256  name` for each of its tables and score files, in
the order of their names: that of `sha256sum` over these files, as everyone can form it. Pages and figures are drawn
from the tables and not part of it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contracts import BadInput
from bench.provenance import now
from bench.published.citation import citation, cited
from bench.published.places import ABOUT, edition_folder, study_name
from bench.store import files

RECORD = "edition.json"
#: what the digest is of
TABLES = ("*.csv", "*.parquet", ABOUT, "*.npz", "scores/*/*/*.parquet")
#: what is read of a record
_KEYS = {"study": str, "edition": int, "digest": str, "citation": str, "date": str, "commit": str, "files": dict}


@dataclass(frozen=True)
class Edition:
    """A published edition; record: the content of its edition.json."""

    folder: Path
    record: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> "Edition":
        """The edition in a folder; raises BadInput where its record cannot be read."""
        try:
            record = files.json_object(folder / RECORD)
            if missing := [key for key, kind in _KEYS.items() if not isinstance(record.get(key), kind)]:
                raise ValueError(f"it lacks {', '.join(missing)}")
            return cls(folder, record)
        except (OSError, ValueError) as error:
            raise BadInput(f"{folder / RECORD} cannot be read ({error}); take it from the repository") from error

    def faults(self) -> list[str]:
        """Sentences on everything in which the folder is not what was published."""
        listed, present = self.record["files"], hashes(self.folder)
        names = sorted(name for name in {*listed, *present} if listed.get(name) != present.get(name))
        faults = [f"{self.folder / name} {_fault(name, listed, present)}" for name in names]
        return faults + [f"{self.folder / RECORD} {fault}" for fault in self._contradictions(ABOUT not in names)]

    def _contradictions(self, readable: bool) -> Iterator[str]:
        """Clauses on what the record says that is not so. readable: whether study.json is as it was."""
        content = self.record
        if digest(content["files"]) != content["digest"]:
            yield "has a digest that is not that of the files it lists"
        number = content["edition"]
        if edition_folder(self.folder.parent, number) != self.folder or content["study"] != study_name(self.folder):
            yield f"is of edition {number} of {content['study']}, which has another folder"
        if cited(content["study"], number, content["date"], content["digest"]) not in content["citation"]:
            yield "has a citation that is not that of its study, number, date and digest"
        if readable and content["commit"] != files.json_object(self.folder / ABOUT).get("git_sha"):
            yield f"has another commit than {ABOUT}"


def record(folder: Path, study: str, number: int, commit: str, machines: list[dict[str, Any]]) -> dict[str, Any]:
    """The record of the tables in a folder as an edition of a study.

    commit: that of all rows. machines: devices and versions that computed them.
    """
    about, hashed, date = files.json_object(folder / ABOUT), hashes(folder), now()
    calls = [about["command"], *(part["command"] for part in about.get("parts", []))]
    return {
        "study": study,
        "edition": number,
        "digest": digest(hashed),
        "citation": citation(study, number, date, digest(hashed)),
        "date": date,
        "commit": commit,
        "commands": list(dict.fromkeys(calls)),
        "machines": machines,
        "files": hashed,
    }


def write(folder: Path, content: dict[str, Any]) -> None:
    """Write the record of an edition."""
    files.write_bytes(folder / RECORD, (json.dumps(content, indent=1) + "\n").encode())


def hashes(folder: Path) -> dict[str, str]:
    """{name: sha256} of the tables and score files in a folder, in the order of their names."""
    paths = {path.relative_to(folder).as_posix(): path for pattern in TABLES for path in folder.glob(pattern)}
    return {name: files.sha256(paths[name]) for name in sorted(paths)}


def digest(hashed: dict[str, str]) -> str:
    """The digest of an edition with these files."""
    lines = "".join(f"{hashed[name]}  {name}\n" for name in sorted(hashed))
    return hashlib.sha256(lines.encode()).hexdigest()


def _fault(name: str, listed: dict[str, str], present: dict[str, str]) -> str:
    if name not in present:
        return "is gone"
    return "is not what was published" if name in listed else "was not published with it"
