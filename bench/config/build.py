"""Objects from `_target_` nodes.

Hydra's own `instantiate` runs any importable name; this builder takes names from our packages (and those the user
trusts on the command line), and refuses unknown or ill-typed arguments before anything is computed.
"""

import inspect
import math
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.contracts import BadInput
from bench.contracts.arguments import check
from bench.contracts.names import known, nearest
from bench.guard.importing import import_module
from bench.guard.watch import Trespass

TARGET = "_target_"
#: letters of a message that are told
LONGEST = 300
ALLOWED = ("simulators", "methods", "metrics", "bench.networks")


def is_ours(name: str) -> bool:
    """Whether a module, or a class by its path, lies in one of our packages."""
    return f"{name}.".startswith(tuple(f"{package}." for package in ALLOWED))


class Unmade(BadInput):
    """The constructor of a part raised what no refusal is."""


def build(
    node: Mapping[str, Any],
    allowed: Sequence[str] = ALLOWED,
    trusted: Sequence[str] = (),
    path: str = "",
    **extra: Any,
) -> Any:
    """The object a node describes; nested nodes are built first, lists become tuples.

    allowed, trusted: package prefixes a `_target_` may start with. path: where the node stands in the configuration,
    named in errors. extra: further keyword arguments the configuration does not hold.
    Raises BadInput for a target outside the allow-list, an unknown argument, or a value the class refuses.
    """
    cls = resolve(node, (*allowed, *trusted), path)
    _check_names(cls, {**node, **extra}, path)
    arguments = {k: _value(v, allowed, trusted, _join(path, k)) for k, v in node.items() if k != TARGET}
    check(cls, arguments, path or str(node[TARGET]))
    try:
        return cls(**arguments, **extra)
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path or node[TARGET]}: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # a constructor of a user's may raise anything
        raise Unmade(
            f"{path or node[TARGET]}: {cls.__name__} cannot be made ({_raised(error, cls)}); mend it"
        ) from error


def _raised(error: Exception, cls: type[Any]) -> str:
    """What was raised, in one line, and the last line that was come to in the module of the class, or anywhere."""
    lines = traceback.extract_tb(error.__traceback__)
    inside = [line for line in lines if line.filename == getattr(sys.modules.get(cls.__module__), "__file__", None)]
    last = (inside or lines)[-1]
    # the first line of a message may be no more than its heading
    sentence = textwrap.shorten(str(error), LONGEST, placeholder=" ...").rstrip(".")
    return f"{type(error).__name__}: {sentence}, line {last.lineno} of {Path(last.filename).name}"


def resolve(node: Mapping[str, Any], prefixes: Sequence[str], path: str = "") -> type[Any]:
    """The class a node names, when one of the packages `prefixes` defines it: what a module imported is not its own."""
    target = str(node.get(TARGET, ""))
    if not target:
        raise BadInput(f"{path or 'a node'} has no '{TARGET}'; name the class, e.g. {TARGET}: methods.controls.Random")
    if not any(target.startswith(f"{p}.") for p in prefixes):
        raise BadInput(
            f"{_join(path, TARGET)}: '{target}' is outside {', '.join(prefixes)}; "
            f"allow its package with 'trusted=[{target.split('.')[0]}]' on the command line"
        )
    module, _, name = target.rpartition(".")
    where = _join(path, TARGET)
    try:
        imported = import_module(module)
    except Trespass as trespass:
        raise BadInput(f"{where}: {trespass}") from trespass
    except (Exception, SystemExit) as error:  # a module runs when it is imported, and may raise anything
        raise BadInput(f"{where}: cannot import '{module}' ({_why(error, module)}") from error
    component: Any = getattr(imported, name, None)
    if not callable(component):
        classes = [n for n, v in vars(imported).items() if inspect.isclass(v) and v.__module__ == module]
        raise BadInput(f"{where}: '{module}' has no '{name}'{nearest(name, classes)}")
    home = f"{getattr(component, '__module__', None)}."
    if not inspect.isclass(component) or not any(home.startswith(f"{p}.") for p in prefixes):
        raise BadInput(f"{where}: '{target}' is no class that {', '.join(prefixes)} define; name one that they do")
    return component


def _why(error: BaseException, module: str) -> str:
    """Why a module cannot be imported; a package that is nowhere is found once Python is told where it lies."""
    if isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]:
        mend = "install the package ('pip install -e' its folder), or set PYTHONPATH to the folder that holds it"
        return f"{error}); {mend}"
    return f"SystemExit: {error})" if isinstance(error, SystemExit) else f"{error or type(error).__name__})"


def check_complete(node: Mapping[str, Any], trusted: Sequence[str], path: str) -> None:
    """Refuse a method or metric whose YAML leaves a parameter of its constructor unsaid."""
    for where, sub in nodes(node, path):
        cls = resolve(sub, (*ALLOWED, *trusted), where)
        missing = [p for p in inspect.signature(cls).parameters if p not in sub]
        if missing:
            raise BadInput(f"{where}: its YAML leaves parameters out; name those missing: {', '.join(missing)}")


def nodes(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every `_target_` node in a tree, with its key path."""
    if isinstance(value, Mapping):
        if TARGET in value:
            yield path, value
        for key, child in value.items():
            yield from nodes(child, _join(path, str(key)))
    elif isinstance(value, list | tuple):
        for i, child in enumerate(value):
            yield from nodes(child, f"{path}[{i}]")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _value(value: Any, allowed: Sequence[str], trusted: Sequence[str], path: str) -> Any:
    if isinstance(value, Mapping):
        if TARGET in value:
            return build(value, allowed, trusted, path)
        return {k: _value(v, allowed, trusted, _join(path, str(k))) for k, v in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInput(f"{path}={value} is not possible: give a finite number")
    if isinstance(value, list | tuple):
        return tuple(_value(v, allowed, trusted, f"{path}[{i}]") for i, v in enumerate(value))
    return value


def _check_names(cls: Callable[..., Any], given: Mapping[str, Any], path: str) -> None:
    parameters = inspect.signature(cls).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    for key in given:
        if key != TARGET and key not in parameters:
            known(path or cls.__name__, "key", key, parameters)
    for name, parameter in parameters.items():
        if (
            parameter.default is parameter.empty
            and name not in given
            and parameter.kind is not parameter.VAR_POSITIONAL
        ):
            raise BadInput(f"'{_join(path, name)}' has no default; give it")
