"""A module of a plug-in runs when it is imported; what it changed of what others use is named and refuses the study."""

import os
import sys

import pytest

import bench.seeds
import bench.store.keys  # noqa: F401  as in every command, both are there before a plug-in is
from bench.config.build import resolve
from bench.contracts import BadInput

pytestmark = pytest.mark.fault("plug-ins")

#: lines at the top of a module -> the words of the refusal
DEEDS = {
    "import torch; linear = torch.nn.functional.linear; torch.nn.functional.linear = lambda *a: linear(*a) + 1": (
        "torch.nn.functional.linear"
    ),
    "import torch; torch.set_grad_enabled(False)": "torch's gradient mode",
    "import torch; torch.set_default_dtype(torch.float64)": "torch's default dtype",
    "import torch; torch.set_num_threads(3)": "torch's threads",
    "import numpy; numpy.seterr(all='raise')": "the floating-point traps",
    "import os; os.chdir('/')": "the working directory",
    "import os; os.environ['HOME'] = '/nowhere'": "the environment's variables",
    "import bench.contracts.sets as s; s.Set = None; import numpy.linalg as l; l.norm = sum": "numpy.linalg.norm",
    "import sys; sys.setrecursionlimit(50_000)": "the recursion limit",
    "import bench.seeds; bench.seeds.seed = lambda **axes: 0": "bench.seeds.seed",
    "import pandas; pandas.DataFrame.mean = pandas.DataFrame.sum": "pandas.DataFrame.mean",
    "import bench.store.keys as k; k.key = lambda record: '0' * 16": "bench.store.keys.key",
    "import sys; sys.stdout.close()": "standard output",
    "import gc; gc.disable()": "the garbage collector",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)": "the handlers of signals",
    "from torch.nn.modules.module import register_module_forward_hook as r; r(print)": "torch's global hooks",
}
#: lines of modules that change nothing of others
HARMLESS = [
    "import torch._dynamo",
    "import matplotlib.pyplot, sklearn.ensemble, captum.attr",
    "import torch; torch.manual_seed(0); import random; random.seed(0)",
    "import warnings; warnings.filterwarnings('ignore'); import wave",
]


def told_of(lines, folder, name):
    """What a process says that resolves a class of a module with these lines."""
    (folder / f"{name}.py").write_text(f"{lines}\n\n\nclass Mine:\n    pass\n")
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        sys.path.insert(0, str(folder))
        os.write(writer, resolved(name).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as stream:
        return stream.read()


def resolved(name):
    node = {"_target_": f"{name}.Mine"}
    for _ in range(2):  # a second look must not let through what the first refused
        try:
            said = resolve(node, [name], "method.mine").__name__
        except BadInput as error:
            said = str(error)
    return said


@pytest.mark.parametrize("lines", DEEDS)
def test_what_a_module_changes_when_it_is_imported_is_refused_by_name(lines, tmp_path):
    said = told_of(lines, tmp_path, "deed")
    assert said.startswith("method.mine._target_: importing 'deed' changed"), said
    assert DEEDS[lines] in said


@pytest.mark.parametrize("lines", HARMLESS)
def test_libraries_may_be_imported(lines, tmp_path):
    assert told_of(lines, tmp_path, "harmless") == "Mine"
