"""The structure of a checkout, read from its syntax trees: who imports whom, how long files and functions are."""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.store.sources import imported

PACKAGES = ("bench", "simulators", "methods", "metrics")
Import = ast.Import | ast.ImportFrom
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """The Python files of our packages in a checkout."""

    root: Path = Path(__file__).parents[1]

    @cached_property
    def trees(self) -> dict[Path, ast.Module]:
        """Syntax tree of every file."""
        files = sorted(path for package in PACKAGES for path in (self.root / package).rglob("*.py"))
        return {path: ast.parse(path.read_text()) for path in files}

    @cached_property
    def modules(self) -> dict[str, Path]:
        """{dotted name: file}."""
        return {self.module(path): path for path in self.trees}

    def module(self, path: Path) -> str:
        """Dotted name of a file."""
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def names(self, module: str) -> set[str]:
        """Every name that an import statement of a module may bind to a module, of libraries too."""
        return set(imported(self.trees[self.modules[module]]))

    def imports(self, name: str) -> set[str]:
        """Modules of ours that a module imports anywhere, for type hints too.

        A package counts where something of its own is taken, not where it is the way to a module in it.
        """
        tree = self.trees[self.modules[name]]
        found = {other for other in imported(tree) if other in self.modules and other != name}
        return {other for other in found if not self._is_way(tree, other)}

    def _is_way(self, tree: ast.Module, package: str) -> bool:
        if self.modules[package].name != "__init__.py":
            return False
        nodes = list(ast.walk(tree))
        taken = [
            f"{package}.{alias.name}"
            for node in nodes
            if isinstance(node, ast.ImportFrom) and node.module == package
            for alias in node.names
        ]
        whole = any(alias.name == package for node in nodes if isinstance(node, ast.Import) for alias in node.names)
        return not whole and all(name in self.modules for name in taken)

    @cached_property
    def graph(self) -> dict[str, set[str]]:
        """{module: modules it imports}."""
        return {name: self.imports(name) for name in self.modules}

    def circles(self) -> list[list[str]]:
        """Groups of modules that reach each other."""
        reach = {name: self._reached(name) for name in self.graph}
        groups = {
            frozenset(other for other in reach[name] if name in reach[other]) for name in reach if name in reach[name]
        }
        return sorted(sorted(group) for group in groups)

    def _reached(self, start: str) -> set[str]:
        found, waiting = set[str](), list(self.graph[start])
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.graph[name]
        return found

    def mutual_folders(self) -> dict[tuple[str, str], list[str]]:
        """{two folders of one folder that import each other: the imports}."""
        arrows = defaultdict(list)
        for importer, others in self.graph.items():
            for other in others:
                if pair := self._parting(self.modules[importer], self.modules[other]):
                    arrows[pair].append(f"{importer} -> {other}")
        return {(a, b): arrows[a, b] + arrows[b, a] for a, b in sorted(arrows) if a < b and (b, a) in arrows}

    def _parting(self, importer: Path, other: Path) -> tuple[str, str] | None:
        """The folders at which the ways to two files part; None where one file lies beside the other's folder."""
        first, second = (path.relative_to(self.root).parts[:-1] for path in (importer, other))
        depth = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
        return None if depth is None else ("/".join(first[: depth + 1]), "/".join(second[: depth + 1]))

    def unexplained_imports(self) -> Iterator[str]:
        """`file:line` of every block of imports inside a function with no reason on its line or the one above."""
        for path, tree in self.trees.items():
            lines = path.read_text().splitlines()
            for node in _inner_imports(tree):
                if not any(map(_reason, lines[node.lineno - 2 : node.lineno])):
                    yield f"{path.relative_to(self.root)}:{node.lineno}"

    def root_files(self, package: str) -> int:
        """Python files directly in a package's folder."""
        return sum(path.parent == self.root / package for path in self.trees)

    def shared(self, kind: type[ast.ClassDef | ast.FunctionDef]) -> dict[str, list[str]]:
        """{public name of a class or function: the modules that define it}, where they are two or more."""
        found = defaultdict(list)
        for path, tree in self.trees.items():
            for node in tree.body:
                if isinstance(node, kind) and not node.name.startswith("_"):
                    found[node.name].append(self.module(path))
        return {name: modules for name, modules in found.items() if len(modules) > 1}

    def variables(self, names: Collection[str]) -> Iterator[str]:
        """`file:line name` of every argument and variable of a function that has one of these names."""
        for path, tree in self.trees.items():
            inside = (node for part in ast.walk(tree) if isinstance(part, Function) for node in ast.walk(part))
            for node in {id(node): node for node in inside}.values():
                name = _bound(node)
                if name in names:
                    yield f"{path.relative_to(self.root)}:{node.lineno} {name}"

    def lines(self) -> int:
        """Lines of all files."""
        return sum(len(path.read_text().splitlines()) for path in self.trees)

    def function_lengths(self) -> list[int]:
        """Lines of every function, growing."""
        nodes = (node for tree in self.trees.values() for node in ast.walk(tree) if isinstance(node, Function))
        return sorted((node.end_lineno or node.lineno) - node.lineno + 1 for node in nodes)


def _bound(node: ast.AST) -> str:
    """The name that a node gives to a value, "" where it gives none."""
    if isinstance(node, ast.arg):
        return node.arg
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else ""


def _reason(line: str) -> str:
    """The comment of a line, less what it tells tools."""
    return re.sub(r"#\s*(noqa|type:|fmt:|mypy:)[^#]*", "", line.partition("#")[1] + line.partition("#")[2]).strip("# ")


def _inner_imports(tree: ast.Module) -> Iterator[Import]:
    """The first import of each block of imports inside functions, however deep."""
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    inside = {id(node): node for function in functions for node in ast.walk(function)}
    for node in inside.values():
        for _, body in ast.iter_fields(node):
            before: ast.AST | None = None
            for child in body if isinstance(body, list) else ():
                if isinstance(child, Import) and not isinstance(before, Import):
                    yield child
                before = child
