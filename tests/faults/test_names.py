"""A folder of any name works, whatever use Hydra's grammar and paths of sockets have for its letters."""

import shutil
import tempfile
from html.parser import HTMLParser
from multiprocessing import process, util

import pytest
from sweeps import CONF, FAKES

from bench.cli import main
from bench.contracts import BadInput
from bench.launch import sockets
from bench.report.figures import drawing

pytestmark = pytest.mark.fault("configuration")

#: names of the folders of results and of configuration
NAMES = (
    "é a,b=c#d&e;~f\\g${oc.env:HOME}[h]{i}(j)'k\"l*m?`o%20|<p>\\",
    *(pytest.param(name, marks=pytest.mark.full) for name in ("'q' \"double\"", "-" + "n" * 120, "${nope} \\${a.b}")),
)


class Links(HTMLParser):
    """Targets of a page that lie beside it."""

    def __init__(self):
        super().__init__()
        self.beside = []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and not value.startswith(("#", "data:")):
                self.beside.append(value)


@pytest.fixture
def call(whole, tmp_path, monkeypatch):
    """call(verb, name) -> exit code, in this process, of a study whose cells are stored, but for those removed."""
    monkeypatch.syspath_prepend(str(FAKES))
    monkeypatch.setattr(drawing, "draw_all", lambda source, folder: {})

    def called(verb, name, *more):
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(whole.store, folder / "results" / "store")
            shutil.copytree(CONF, folder / "conf")
        given = [f"paths.results={folder / 'results'}", "trusted=[fakes]", "name=shown", *whole.lines, *more]
        return main([verb, "study=shown", *given, "--config-dir", str(folder / "conf")])

    return called


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_is_planned_run_reported_and_exported(call, name, whole, tmp_path):
    assert call("plan", name) == 0
    results = tmp_path / name / "results"
    # one map is made, by what Hydra launches
    shutil.rmtree(next((results / "store" / "attribute").glob("*slow*")))
    assert [call(verb, name) for verb in ("run", "report", "export")] == [0, 0, 0]
    assert {p.name for p in results.iterdir()} == {"store", "shown"}
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == [name]
    scores = "scores/simulator=stocked/network=counted/part-0.parquet"
    assert (results / "shown" / scores).read_bytes() == (whole.results / "faults" / scores).read_bytes()
    links = Links()
    links.feed((results / "shown" / "index.html").read_text())
    assert all((results / "shown" / link).exists() for link in links.beside)


def test_a_long_folder_of_temporary_files_holds_no_sockets(monkeypatch, tmp_path):
    long = str(tmp_path / ("t" * 120))
    monkeypatch.setattr(tempfile, "tempdir", long)
    monkeypatch.delitem(process.current_process()._config, "tempdir", raising=False)
    sockets.use_short_folder()
    assert len(util.get_temp_dir()) < sockets.LONGEST and tempfile.gettempdir() == long
    monkeypatch.setattr(sockets, "SHORT", ())
    with pytest.raises(BadInput, match=f"TMPDIR='{long}' is not possible: give at most"):
        sockets.use_short_folder()
