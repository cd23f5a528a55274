import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(autouse=True, scope="session")
def importable():
    """The fakes can be imported in every process that starts from here, as pytest makes them here."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))


@pytest.fixture
def planned(tmp_path):
    """study(*overrides, results=...) -> a planned fake study."""
    from fakes import CONF

    from bench.plan import plan

    def study(*lines, results=tmp_path / "results"):
        return plan.study(["study=fake", "trusted=[fakes]", f"paths.results={results}", *lines], [CONF])[0]

    return study
