"""The state of a process that any code in it can change, and that what is computed afterwards may depend on."""

import gc
import hashlib
import locale
import os
import random
import resource
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from operator import eq
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch.nn.modules import module as global_hooks

RANDOM = "the random state"
ENVIRONMENT = "the environment's variables"
FUNCTIONS = "the functions that others use"
MODULES = "modules"
#: what torch replaces itself when its optimiser, which many libraries bring, is imported
_OPTIMISER, _OPTIMISED = "torch._dynamo", "torch.manual_seed"
#: what is made anew whenever the time zone is asked for, and no number depends on
_ZONE = "time.tzname"
#: how the names of what counts passes begin, or of what looks into a network at work
HOOKS = "the hooks of"
#: beginnings of the names of what a part may change while it works, and what is made meanwhile does not depend on
PASSING = (
    RANDOM,
    HOOKS,
    "torch's gradient mode",
    "torch's rules of precision",
    "the floating-point traps",
    "the warnings",
)
#: modules whose functions every part uses, and may find replaced; of ours, those in `_PACKAGES` and below
_MODULES = frozenset(
    (
        *("builtins", "hashlib", "json", "math", "os", "os.path", "random", "time"),
        *("numpy", "numpy.linalg", "numpy.random", "pandas", "scipy.ndimage"),
    )
)
_PACKAGES = ("bench.", "methods.", "metrics.", "simulators.")
_TORCH = ("torch", "torch._tensor", "torch.autograd", "torch.linalg", "torch.nn", "torch.nn.functional")
_LIMITS = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_STACK")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGUSR1, signal.SIGCHLD)


def numeric_state() -> dict[str, Any]:
    """What numbers depend on and is quick to ask for, by name, comparable with `differences`."""
    return {
        "torch's default dtype": torch.get_default_dtype(),
        "torch's default device": str(torch.empty(0).device),
        "torch's gradient mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "torch's rules of precision": _precision(),
        "torch's global hooks": _global_hooks(),
        "torch's threads": torch.get_num_threads(),
        "the floating-point traps": (tuple(np.geterr().values()), id(np.geterrcall())),
        "the rounding of small numbers": (torch.full((1,), 1e-40) * 1).item(),
    }


def process_state() -> dict[str, Any]:
    """Everything; takes some milliseconds."""
    return {
        **numeric_state(),
        RANDOM: _random(),
        "the working directory": _directory(),
        ENVIRONMENT: dict(os.environ),
        "sys.path": tuple(sys.path),
        "the recursion limit": sys.getrecursionlimit(),
        "the warnings": (tuple(map(str, warnings.filters)), id(warnings.showwarning)),
        "the limits of the process": tuple(resource.getrlimit(getattr(resource, name)) for name in _LIMITS),
        "the handlers of signals": tuple(signal.getsignal(number) for number in _SIGNALS),
        "the timer": signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        "standard output": [(id(s), getattr(s, "closed", None)) for s in (sys.stdout, sys.stderr, sys.stdin)],
        "the language of numbers": locale.setlocale(locale.LC_ALL),
        "the interpreter's hooks": tuple(map(id, (sys.excepthook, sys.gettrace(), sys.getprofile()))),
        "the garbage collector": (gc.isenabled(), gc.get_threshold()),
        "the number of threads": threading.active_count(),
        FUNCTIONS: _functions(),
        MODULES: frozenset(sys.modules),
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of what differs between two states.

    Functions that came are no change, nor is a filter of warnings or a variable of the environment that came with a
    module: imports bring them.
    """
    came = now.get(MODULES, frozenset()) - before.get(MODULES, frozenset())
    excused = (MODULES, FUNCTIONS, *(("the warnings", "sys.path", "the number of threads") if came else ()))
    same: dict[str, Callable[[Any, Any], bool]] = {ENVIRONMENT: _none_set_anew} if came else {}
    replaced = _replaced(before.get(FUNCTIONS, {}), now.get(FUNCTIONS, {}))
    return [
        *(name for name in before if name not in excused and not same.get(name, eq)(before[name], now[name])),
        *(name for name in replaced if name != _ZONE and not (name == _OPTIMISED and _OPTIMISER in came)),
    ]


def _precision() -> tuple[Any, ...]:
    return (
        torch.get_float32_matmul_precision(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_anomaly_enabled(),
        torch.backends.mkldnn.enabled,
        torch.is_autocast_enabled("cpu"),
        torch.overrides._len_torch_function_stack(),
    )


def _global_hooks() -> tuple[Any, ...]:
    named = [value for name, value in vars(global_hooks).items() if name.startswith("_global_")]
    return tuple(tuple(value) if isinstance(value, dict) else value for value in named)


def _random() -> tuple[Any, ...]:
    kind, keys, *rest = np.random.get_state()
    states = torch.get_rng_state().numpy().tobytes() + np.asarray(keys).tobytes()
    return hashlib.sha256(states).digest(), kind, *rest, random.getstate()


def _directory() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return "one that is gone"


#: (names, ids of values) of the namespace of a module or of a class
_Names = tuple[tuple[str, ...], tuple[int, ...]]


def _functions() -> dict[str, _Names]:
    """What the names of the packages that every part uses stand for."""
    spaces = ((name, vars(space)) for name, space in _spaces(len(sys.modules)))
    return {name: (tuple(space), tuple(map(id, space.values()))) for name, space in spaces}


@lru_cache(maxsize=2)
def _spaces(_: int) -> list[tuple[str, Any]]:
    """(name, module or class) of the modules whose functions every part uses; asked anew when modules come."""
    spaces: list[tuple[str, Any]] = []
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and _is_shared(name):
            classes = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == name]
            spaces += [(name, module), *((f"{name}.{cls.__qualname__}", cls) for cls in classes)]
    return spaces


def _replaced(before: Mapping[str, _Names], now: Mapping[str, _Names]) -> Iterator[str]:
    """Names that no longer stand for what they did; modules and names may have come."""
    for space, old in before.items():
        if (new := now.get(space, old)) != old:
            stand = dict(zip(*new, strict=True))
            kept = ((name, stand.get(name) == value or name.startswith("_")) for name, value in zip(*old, strict=True))
            yield from (f"{space}.{name}" for name, same in kept if not same)


def _none_set_anew(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether every variable that was there is as it was."""
    return before.items() <= now.items()


def _is_shared(name: str) -> bool:
    return name.startswith((*_PACKAGES, "torch.nn.modules.")) or name in _MODULES or name in _TORCH
