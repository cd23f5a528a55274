import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import CONF

from bench import provenance
from bench.cli import main
from bench.plan import plan, published_prices
from bench.published import places
from bench.report.figures import drawing

HERE = Path(__file__).parent


@pytest.fixture(autouse=True, scope="session")
def importable():
    """The fakes can be imported in every process that starts from here, as pytest makes them here."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))


@pytest.fixture(autouse=True, scope="module")
def undrawn():
    """No figures: they take seconds a study, and nothing here looks at them.

    tests/report draws every one, and `test_tiny` in a process of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "draw_all", lambda source, folder: {})
        yield


@pytest.fixture
def planned(tmp_path):
    """study(*overrides, results=...) -> a planned fake study."""

    def study(*lines, results=tmp_path / "results"):
        return plan.study(["study=fake", "trusted=[fakes]", f"paths.results={results}", *lines], [CONF])[0]

    return study


#: that of a study which is computed whole, and the words of its command
COMMIT = "01234567" * 5
LINES = ("seed.data=0,1", "seed.model=0", "method=[random,gradient,refuses]", "metric=[calibrated_ap]", "maps=2")
WORDS = ("study=fake", "trusted=[fakes]", "name=whole", *LINES)


#: a call in a process of its own, without figures either
UNDRAWN = """
import sys
from bench.cli import main
from bench.report.figures import drawing
drawing.draw_all = lambda source, folder: {}
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="session")
def computed(tmp_path_factory, importable):
    """Results of a study that was computed, drawn and vouched for at one commit.

    In a process of its own: units run in children of a server that knows the environment in which it was started.
    Tests change copies, and workers share one.
    """
    results = tmp_path_factory.mktemp("results")
    shared = (tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else results) / "computed"
    if shared.exists():
        return shared
    words = ["run", *WORDS, f"paths.results={results / 'made'}", "--config-dir", str(CONF)]
    environment = {**os.environ, "PLUMBLINE_COMMIT": COMMIT}
    subprocess.run([sys.executable, "-c", UNDRAWN, *words], cwd=provenance.ROOT, env=environment, check=True)
    # another worker may have been faster
    with contextlib.suppress(OSError):
        (results / "made").rename(shared)
    return shared


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder of the published study, in a place of the test's."""
    monkeypatch.setattr(places, "PUBLISHED", tmp_path / "published")
    monkeypatch.setattr(published_prices, "write", lambda *_: None)
    return tmp_path / "published" / "whole"


@pytest.fixture
def whole(computed, tmp_path, home):
    """The folder of the study's tables, which a test may change, and a function that calls a verb on it."""
    folder = shutil.copytree(computed / "whole", tmp_path / "results" / "whole")

    def call(verb, *words):
        return main([*verb.split(), *WORDS, f"paths.results={tmp_path / 'results'}", *words, "--config-dir", str(CONF)])

    return folder, call
