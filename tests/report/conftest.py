from pathlib import Path

import pytest
import synthetic

from bench import report


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic study with its tables, figures and page; tests only read it."""
    folder = synthetic.study(tmp_path_factory.mktemp("report") / "synthetic")
    report.render(folder)
    return folder
