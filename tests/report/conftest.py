import contextlib
import os
from pathlib import Path

import pytest
import synthetic
from jinja2 import BytecodeCache

from bench import report
from bench.report.page import page


class Compiled(BytecodeCache):
    """Templates that were compiled in this process: a study writes one page, its tests write dozens."""

    def __init__(self):
        self.known = {}

    def load_bytecode(self, bucket):
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket):
        self.known[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(autouse=True, scope="session")
def compiled_once():
    made, compiled = page._environment, Compiled()

    def environment(trace):
        found = made(trace)
        found.bytecode_cache = compiled
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(page, "_environment", environment)
        yield


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic study with its tables, figures and page; tests only read it, and workers share one."""
    here = tmp_path_factory.mktemp("report")
    shared = (tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else here) / "synthetic"
    if not shared.exists():
        folder = synthetic.study(here / "made" / "synthetic", networks=list(synthetic.NETWORKS))
        report.render(folder)
        # another worker may have been faster
        with contextlib.suppress(OSError):
            folder.rename(shared)
    return shared
