import os
import shutil
from pathlib import Path

import pytest
from fakes import CONF

from bench import provenance, report
from bench.cli import main
from bench.plan import plan, published_prices
from bench.published import places
from bench.report.figures import drawing
from bench.store import ledger
from bench.verbs import computing

HERE = Path(__file__).parent


@pytest.fixture(autouse=True, scope="session")
def importable():
    """The fakes can be imported in every process that starts from here, as pytest makes them here."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))


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


def _forget():
    provenance.git.cache_clear()
    provenance.machine.cache_clear()


@pytest.fixture(scope="session")
def computed(tmp_path_factory, importable):
    """Results of a study that was computed, drawn and vouched for at one commit."""
    results = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PLUMBLINE_COMMIT", COMMIT)
        # figures take seconds, and nothing here looks at them
        patched.setattr(drawing, "draw_all", lambda source, folder: {})
        _forget()
        study = plan.study([*WORDS, f"paths.results={results}"], [CONF])[0]
        computing.compute(study, [])
        computing.write_tables(study)
        report.render(study.folder)
        ledger.write(study.folder)
    _forget()
    return results


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
