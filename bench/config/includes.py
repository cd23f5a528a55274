"""Defaults lists: how many files one stands for, counted before Hydra reads them one after the other."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from posixpath import join, normpath
from typing import Any

import yaml

from bench.config.yaml_files import loader_of
from bench.contracts import BadInput

#: files that one may stand for with all that these include, and that may lead to one; ours stand for 60, and 3 lead
MOST_FILES, DEEPEST = 1000, 50


def check(folders: Sequence[Path]) -> None:
    """Raise BadInput for the first file below the folders that stands for too many.

    One that includes itself is left to the composer, which says so.
    """
    files = {str(path.relative_to(f).with_suffix("")): path for f in folders for path in sorted(f.rglob("*.yaml"))}
    included = {name: list(_included(name, path)) for name, path in files.items()}
    counts: dict[str, int] = {}
    for name, path in files.items():
        if _count(name, included, counts, 0) > MOST_FILES:
            raise BadInput(f"{path} stands for more than {MOST_FILES} files through its defaults list; name fewer")


def _count(name: str, included: Mapping[str, Sequence[str]], counts: dict[str, int], depth: int) -> int:
    """Files that a name stands for; none for one that is being counted, and includes itself.

    depth: files that lead to it; too long a chain counts as too many, as no composer follows it.
    """
    if depth > DEEPEST:
        return MOST_FILES + 1
    if name not in counts:
        counts[name] = 0
        counts[name] = 1 + sum(_count(other, included, counts, depth + 1) for other in included.get(name, ()))
    return counts[name]


def _included(name: str, path: Path) -> Iterator[str]:
    """Names of the files in the defaults list of a file."""
    group = name.rpartition("/")[0]
    about = path.stat() if path.is_file() else None
    for entry in _entries(path, about.st_mtime_ns, about.st_size) if about else ():
        yield from (normpath(join("/", group, other))[1:] for other in _named(entry))


@lru_cache(maxsize=4096)
def _entries(path: Path, _: int, __: int) -> tuple[Any, ...]:
    """The defaults list of a file; read once for each time and size it has."""
    data = path.read_bytes()
    if b"defaults" not in data:
        return ()
    try:
        entries = loader_of(data)(data).get_single_data().get("defaults")
    except (yaml.YAMLError, AttributeError):
        return ()  # the composer says what is wrong with it
    return tuple(entries) if isinstance(entries, list) else ()


def _named(entry: Any) -> Iterator[str]:
    """What one entry names, a name or {group: name or names}, below the file's own group unless it begins with a /."""
    if isinstance(entry, str):
        yield from () if entry == "_self_" else [entry.partition("@")[0]]
    elif isinstance(entry, Mapping):
        for key, chosen in entry.items():
            group = str(key).split()[-1].partition("@")[0]
            yield from (join(group, str(one)) for one in (chosen if isinstance(chosen, list) else [chosen]))
