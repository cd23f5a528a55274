"""The hash of a component's code, to report results whose code changed while its version did not."""

import ast
import functools
import hashlib
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.config.build import TARGET, nodes

#: packages that results come from; what plans, stores and launches may change and makes no result stale
ROOMS = ("contracts", "passes", "networks", "seeds", "training", "stages")
SCIENCE = ("simulators", "methods", "metrics", *(f"bench.{room}" for room in ROOMS))
#: hashes by modules, as far as this process has read them or was told
HASHES: dict[tuple[str, ...], str] = {}


def of_node(node: Any, also: Iterable[str] = ()) -> str:
    """Hash of the modules of every target in a node, of `also`, and of all modules of SCIENCE they import."""
    targets = {str(sub[TARGET]).rpartition(".")[0] for _, sub in nodes(node)}
    return of_modules(tuple(sorted({*targets, *also})))


def of_modules(modules: tuple[str, ...]) -> str:
    """16 hexadecimal digits over the source of the modules and of what they import of SCIENCE."""
    if modules not in HASHES:
        HASHES[modules] = _hashed(modules)
    return HASHES[modules]


def _hashed(modules: tuple[str, ...]) -> str:
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += imports(name)
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(_code(name).encode())
    return digest.hexdigest()[:16]


@functools.cache
def _code(module: str) -> str:
    """The module's syntax tree: comments, formatting, docstrings and summaries do not make a result stale."""
    tree = ast.parse(_source(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body = [part for part in node.body if not _is_summary(part)]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return ast.dump(tree)


def _is_summary(part: ast.stmt) -> bool:
    return isinstance(part, ast.AnnAssign) and ast.unparse(part.target) == "summary"


@functools.cache
def imports(module: str) -> tuple[str, ...]:
    """Modules of SCIENCE that a module imports anywhere in its file."""
    names = {m for m in imported(ast.parse(_source(module))) if f"{m}.".startswith(tuple(f"{p}." for p in SCIENCE))}
    return tuple(sorted(m for m in names if _file(m)))


def imported(tree: ast.AST) -> Iterator[str]:
    """Every name an `import` statement may bind to a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@functools.cache
def _file(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


@functools.cache
def _source(module: str) -> bytes:
    path = _file(module)
    return path.read_bytes() if path else b""
