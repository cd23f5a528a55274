"""Files of modules, found and read without running any."""

import ast
import functools
import importlib.util
import sysconfig
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from pathlib import Path

#: where modules of Python and of libraries lie
PYTHON, INSTALLED = sysconfig.get_path("stdlib"), {"site-packages", "dist-packages"}
LOADERS = (ExtensionFileLoader, EXTENSION_SUFFIXES), (SourceFileLoader, SOURCE_SUFFIXES)
#: endings of files that can be imported, and the longest text that may name a file
CODE, LONGEST = {".py", ".so", ".pyd"}, 200


@functools.cache
def tree_of(path: Path | None) -> ast.Module | None:
    """The syntax tree; None of a file that is compiled, or no Python."""
    try:
        return ast.parse(bytes_of(path)) if path is None or path.suffix == ".py" else None
    except (SyntaxError, ValueError, RecursionError):
        return None


@functools.cache
def module_file(module: str) -> Path | None:
    """The file of a module, found without running any module."""
    spec = spec_of(module)
    return Path(spec.origin) if spec and spec.origin and Path(spec.origin).is_file() else None


@functools.cache
def spec_of(module: str) -> ModuleSpec | None:
    """Where a module lies."""
    top, *below = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
        for depth, _ in enumerate(below, 2):
            places = list(spec.submodule_search_locations or ()) if spec else []
            specs = (FileFinder(place, *LOADERS).find_spec(".".join(module.split(".")[:depth])) for place in places)
            spec = next(filter(None, specs), None)
    except (ImportError, ValueError):
        return None
    return spec


@functools.cache
def bytes_of(path: Path | None) -> bytes:
    """What a file holds."""
    return path.read_bytes() if path else b""


@functools.cache
def code_below(package: str) -> tuple[Path, ...]:
    """The files of Python in the folders of a package; none of a module that lies in no package."""
    folders = [Path(place) for place in getattr(spec_of(package), "submodule_search_locations", None) or ()]
    return tuple(sorted(path for folder in folders for path in folder.rglob("*") if _is_code(path, folder)))


def _is_code(path: Path, folder: Path) -> bool:
    """Whether a path below a folder is a file that can be imported, and does not lie in a hidden folder."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.suffix in CODE and path.is_file()


@functools.cache
def named_beside(code: Path) -> tuple[Path, ...]:
    """The files that texts in a file of Python name, relative to its folder; not asked of what is installed."""
    tree = None if INSTALLED & {*code.parts} else tree_of(code)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)} if tree else set()
    names = (text for text in texts if isinstance(text, str) and 0 < len(text) < LONGEST and text.isprintable())
    return tuple(sorted(path for path in (code.parent / name for name in names) if path.is_file()))
