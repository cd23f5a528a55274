"""Keys: what an artefact depends on, as sixteen hexadecimal digits.

A key hashes the bound arguments of every component with their defaults, the components' declared versions, the bytes of
the files they read, and the keys of what it was made from. Labels, dates and the machine are no part of it.
"""

import ast
import dataclasses
import hashlib
import inspect
import json
import math
import sys
from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path, PurePath
from typing import Any

from bench.config.build import ALLOWED, TARGET, is_ours, resolve
from bench.contracts import BadInput
from bench.contracts.files import FromFiles
from bench.store.modules import module_file, tree_of


def key(content: Any) -> str:
    """The first 16 hexadecimal digits of the sha256 of the canonical form."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()[:16]


def canonical(content: Any) -> str:
    """JSON with sorted names and one spelling a number (1 and 1.0 agree)."""
    return json.dumps(plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def plain(value: Any) -> Any:
    """JSON-able form of a value; raises TypeError for anything whose identity is not its content."""
    if value is None or isinstance(value, bool | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(_component(value))
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(v) for v in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return plain(value.item())
    raise TypeError(f"{type(value).__name__} cannot be part of a key")


def _number(value: int | float) -> int | float | str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return int(value) if value == int(value) else float(value)


def _component(value: Any) -> dict[str, Any]:
    fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
    return {TARGET: identity(type(value)), "version": getattr(type(value), "version", None), **fields}


def identity(component: Any) -> str:
    """The name by which keys know a component, whatever file it lies in.

    It is the class attribute `identity`; where a class declares none, the import path it was first stored under. A
    class that moves to another file declares its old path, and all that is stored of it stays valid. A subclass is a
    component of its own and inherits no identity.

    Raises BadInput for a class that declares the identity of another, whose results would be taken for its own.
    """
    path = f"{component.__module__}.{component.__qualname__}"
    declared = str(vars(component).get("identity") or path)
    if declared != path and (owner := _owner(component, declared)):
        raise BadInput(
            f"{path} declares identity = '{declared}', which is {owner}; take the line out of a copy, and let a class "
            "that moved declare its own old path"
        )
    return declared


@cache
def _owner(component: Any, declared: str) -> str:
    """Who else has the identity that a class declares; "" if nobody. Nothing is imported to find out."""
    module, _, name = declared.rpartition(".")
    if is_ours(module) and not is_ours(component.__module__):
        return "one of ours"
    tree = tree_of(module_file(module)) if is_ours(module) else None
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)} if tree else set()
    loaded = getattr(sys.modules.get(module), name, component)
    return "that of another class" if name in defined or loaded is not component else ""


def describe(node: Any, trusted: tuple[str, ...] = (), path: str = "") -> Any:
    """A node with every argument bound to its default, and the version and files of every component in it."""
    if isinstance(node, Mapping):
        children = {k: describe(v, trusted, f"{path}.{k}") for k, v in node.items() if k != TARGET}
        if TARGET not in node:
            return children
        cls = resolve(node, (*ALLOWED, *trusted), path)
        bound = {**_defaults(cls), **children}
        return {TARGET: identity(cls), "version": getattr(cls, "version", None), **bound, **_files(cls, bound)}
    if isinstance(node, list | tuple):
        return [describe(v, trusted, path) for v in node]
    return node


def _defaults(cls: Any) -> dict[str, Any]:
    factories = {
        f.name: f.default_factory()
        for f in (dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ())
        if f.default_factory is not dataclasses.MISSING
    }
    parameters = inspect.signature(cls).parameters.values()
    given = {p.name: p.default for p in parameters if p.default is not p.empty}
    return {name: factories.get(name, value) for name, value in given.items()}


def _files(cls: Any, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Name and sha256 of every file a component reads; a missing one is the component's own to refuse."""
    if not isinstance(cls, FromFiles):
        return {}
    present = [path for path in cls.files_of(bound) if path.is_file()]
    return {"files": [[path.name, _digest(path, path.stat().st_mtime_ns, path.stat().st_size)] for path in present]}


# thousands of cells name the same files; a file that was written to has another time or size
@lru_cache(maxsize=4096)
def _digest(path: Path, changed: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
