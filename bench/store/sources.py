"""The hash of a component's code, to report results whose code changed while its version did not."""

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from bench.config.build import TARGET, nodes
from bench.guard.ours import shipped_modules
from bench.store.modules import INSTALLED, PYTHON, bytes_of, code_below, module_file, named_beside, tree_of

#: packages that results come from; what plans, stores and launches may change and makes no result stale
ROOMS = ("contracts", "devices", "passes", "networks", "seeds", "training", "stages")
OURS = ("simulators", "methods", "metrics", "bench")
#: what else than a statement imports a module
IMPORTERS = ("import_module", "__import__")
SCIENCE = ("simulators", "methods", "metrics", *(f"bench.{room}" for room in ROOMS))
#: modules, and packages outside ours that are followed
Modules = tuple[tuple[str, ...], tuple[str, ...]]
#: hashes by modules, as far as this process has read them or was told
HASHES: dict[Modules, str] = {}


def of_node(node: Any, trusted: Iterable[str] = ()) -> str:
    """Hash of the modules of every target in a node, and of all modules of SCIENCE and trusted packages they import.

    What is ours alone imports no trusted package, so that it stays as it is whatever a call trusts.
    """
    targets = {str(sub[TARGET]).rpartition(".")[0] for _, sub in nodes(node)}
    outside = {name.partition(".")[0] for name in targets} - {*OURS}
    followed = {name.partition(".")[0] for name in trusted} - {*OURS} if outside else set()
    return of_modules(tuple(sorted(targets)), tuple(sorted(outside | followed)))


def of_modules(modules: tuple[str, ...], outside: tuple[str, ...] = ()) -> str:
    """16 hexadecimal digits over the source of the modules and of what they import of SCIENCE and packages `outside`.

    Of a package outside goes all code, as there are more ways to import than can be read, and of a plug-in of a user
    the files beside it that it names.
    """
    if (modules, outside) not in HASHES:
        HASHES[modules, outside] = _hashed(modules, outside)
    return HASHES[modules, outside]


def _hashed(modules: tuple[str, ...], outside: tuple[str, ...]) -> str:
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += imports(name, outside)
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(_code(module_file(name)).encode())
    read = {*filter(None, map(module_file, seen))}
    theirs = {name for name in seen if name.partition(".")[0] not in OURS} | {*modules} - shipped_modules()
    below = {*chain.from_iterable(map(code_below, outside))}
    beside = chain.from_iterable(map(named_beside, below.union(filter(None, map(module_file, theirs)))))
    for path in sorted(below.union(beside) - read):
        digest.update(bytes_of(path))
    return digest.hexdigest()[:16]


@functools.cache
def _code(path: Path | None) -> str:
    """A file's syntax tree: comments, formatting, docstrings and summaries do not make a result stale."""
    tree = tree_of(path)
    if tree is None:
        return hashlib.sha256(bytes_of(path)).hexdigest()
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
def imports(module: str, outside: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Modules of SCIENCE and of packages `outside` that a module imports anywhere in its file.

    A module that is not ours is followed to those that lie beside it, too.
    """
    tree, followed = tree_of(module_file(module)), tuple(f"{p}." for p in (*SCIENCE, *outside))
    names = set(imported(tree, _package(module))) if tree else set()
    theirs = module.partition(".")[0] not in OURS
    return tuple(
        sorted(n for n in names if (f"{n}.".startswith(followed) or (theirs and _beside(n))) and module_file(n))
    )


def _beside(name: str) -> bool:
    """Whether a module is neither ours, nor of Python, nor installed: it lies where its user writes it."""
    path = None if name.partition(".")[0] in OURS else module_file(name)
    return path is not None and not path.is_relative_to(PYTHON) and not INSTALLED & {*path.parts}


def imported(tree: ast.AST, package: str = "") -> Iterator[str]:
    """Every name that an `import` statement may bind to a module, or a call of `import_module` with a text.

    package: that of the module, which relative imports start from.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node.module or "", node.level, package)
            yield from [base] if base else []
            yield from (f"{base}.{alias.name}" for alias in node.names if base)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in IMPORTERS:
            texts = [part.value for part in node.args[:1] if isinstance(part, ast.Constant)]
            named = [text for text in texts if isinstance(text, str)]
            yield from (_absolute(text.lstrip("."), len(text) - len(text.lstrip(".")), package) for text in named)


def _absolute(name: str, level: int, package: str) -> str:
    """The name of a relative import of a level, as seen in a package; "" where it leads out of it."""
    if not level:
        return name
    parts = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join(filter(None, [*parts, name])) if any(parts) else ""


def _package(module: str) -> str:
    path = module_file(module)
    return module if path and path.stem == "__init__" else module.rpartition(".")[0]
