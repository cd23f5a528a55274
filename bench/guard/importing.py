"""The import of a module that is not ours: it runs, and others' numbers must not depend on what it did.

Whoever is imported shares the process with all that is imported or computed later, so no process of its own helps; what
a module changes is seen at once and named.
"""

import importlib
import sys
from types import ModuleType

from bench.guard.ours import shipped_modules
from bench.guard.process import RANDOM
from bench.guard.watch import Trespass, Watch

#: modules whose import changed something, which a second import in this process could not show
_REFUSED: dict[str, Trespass] = {}


def import_module(name: str) -> ModuleType:
    """The module of this name.

    Raises Trespass where importing it changed what others use, and whatever the module raises.
    """
    if name in _REFUSED:
        raise _REFUSED[name]
    if name in sys.modules or name in shipped_modules():
        return importlib.import_module(name)
    # a function that came with an import is no change, so those of libraries are there before
    importlib.import_module("pandas")
    watch = Watch(thorough=True)
    watch.begin()
    module = importlib.import_module(name)
    try:
        # every cell seeds its own numbers
        watch.check(f"importing '{name}'", (RANDOM,))
    except Trespass as trespass:
        _REFUSED[name] = trespass
        raise
    return module
