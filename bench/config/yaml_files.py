"""Configuration files as bytes: refused in one sentence where reading one would not end, or gives no settings."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, MappingStartEvent, NodeEvent

from bench.contracts import BadInput

#: bytes, nodes with every alias written out (Hydra reads a thousand in half a second), and collections inside each
#: other, of one file; ours have a tenth
LARGEST, MOST_NODES, DEEPEST = 2**20, 5_000, 50
#: a byte order mark of UTF-8
MARK = b"\xef\xbb\xbf"


def check(folders: Sequence[Path]) -> None:
    """Raise BadInput for the first YAML file below the folders that is no text, too large, or holds no settings.

    What is no YAML at all is left to the composer, which says in which line.
    """
    for folder in folders:
        for path in sorted(folder.rglob("*.yaml")):
            if path.is_file():
                about = path.stat()
                if fault := _fault(path, about.st_mtime_ns, about.st_size):
                    raise BadInput(f"{path} {fault}")


def loader_of(data: bytes) -> type[yaml.SafeLoader] | type[yaml.CSafeLoader]:
    """The fast loader of plain values, or the slow one, which alone refuses a NUL."""
    return yaml.SafeLoader if b"\0" in data else yaml.CSafeLoader


@lru_cache(maxsize=4096)
def _fault(path: Path, _: int, size: int) -> str:
    """What is wrong with a file, ""  if nothing; asked once for each time and size it has."""
    if size > LARGEST:
        return f"has {size} bytes; give a file of settings, at most {LARGEST}"
    data = path.read_bytes()
    if data.startswith(MARK):
        return "begins with a byte order mark; save it as UTF-8 without one"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "is not UTF-8 text; save it as UTF-8"
    try:
        return _size_fault(yaml.parse(data, Loader=loader_of(data)))
    except yaml.YAMLError:
        return ""


def _size_fault(events: Iterator[Event]) -> str:
    """What is wrong with a document's shape: no mapping, nested too deeply, or too long once aliases are written out.

    An alias counts as many nodes as the anchor's collection, which is none yet inside of itself.
    """
    open_since: list[tuple[str | None, int]] = []
    sizes: dict[str, int] = {}
    nodes = 0
    for event in events:
        if isinstance(event, CollectionEndEvent):
            anchor, began = open_since.pop()
            if anchor is not None:
                sizes[anchor] = nodes - began
        elif isinstance(event, AliasEvent):
            if any(anchor == event.anchor for anchor, _ in open_since):
                return f"holds itself through the alias *{event.anchor}; write out what is meant"
            nodes += sizes.get(event.anchor, 1)
        elif isinstance(event, NodeEvent):
            if not open_since and not isinstance(event, MappingStartEvent) and getattr(event, "value", None) != "":
                return "holds no settings; give keys with values, as in key: value"
            nodes += 1
            if isinstance(event, CollectionStartEvent):
                open_since.append((event.anchor, nodes - 1))
        if len(open_since) > DEEPEST:
            return f"nests more than {DEEPEST} lists and mappings; give a flatter one"
        if nodes > MOST_NODES:
            return f"stands for more than {MOST_NODES} values once its aliases are written out; give fewer"
    return ""
