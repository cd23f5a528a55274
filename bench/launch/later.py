"""Libraries that plug-ins import at their first subject, imported once by a fork server that knows the plug-ins."""

import importlib
import sys

#: {module of a plug-in: the library it leaves for later, as it takes seconds to import}
LIBRARIES = {"simulators.anatomy.mni152": "nilearn.datasets"}

for module, library in LIBRARIES.items():
    if module in sys.modules:
        importlib.import_module(library)
