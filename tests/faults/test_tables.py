"""What a finished study shows, deleted, emptied, halved or replaced: made again by a run that computes nothing."""

import shutil

import pytest
from sweeps import CONF, FAKES

from bench.cli import main
from bench.store import ledger

pytestmark = pytest.mark.fault("tables")

#: what says when it was written
DATED = ("study.json", "index.html")
HELD = {"exit": 0, "same": True}


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def as_folder(path):
    path.unlink()
    path.mkdir()


def as_link(target):
    def harm(path):
        path.unlink()
        path.symlink_to(target or path.name)

    return harm


HARMS = {
    "deleted": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
    "halved": halve,
    "of another kind": lambda path: path.write_text("[" * 10**5),
    "a folder": as_folder,
    "a link to nothing": as_link("nowhere"),
    "a link to itself": as_link(""),
}


@pytest.fixture(scope="module")
def call(whole, tmp_path_factory):
    """call(verb) -> exit code, in this process, of a study with a page whose cells are all stored."""
    results = tmp_path_factory.mktemp("shown") / "results"
    shutil.copytree(whole.store, results / "store")
    lines = [
        "study=shown",
        "name=shown",
        f"paths.results={results}",
        *whole.lines,
        "trusted=[fakes]",
        "--config-dir",
        str(CONF),
    ]

    def called(verb):
        return main([verb, *lines])

    called.folder = results / "shown"
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(FAKES))
        assert called("run") == 0
        yield called


def shown(folder):
    return {name: (folder / name).read_bytes() for name in sorted(ledger.read(folder) or {}) if name not in DATED}


@pytest.mark.parametrize("turn", [0, pytest.param(3, marks=pytest.mark.full)])
def test_every_file_that_is_not_what_was_written_is_made_again(call, turn, outcome):
    before = shown(call.folder)
    names = sorted(ledger.read(call.folder))
    kinds = {name: list(HARMS)[(place + turn) % len(HARMS)] for place, name in enumerate(names)}
    for name, kind in kinds.items():
        HARMS[kind](call.folder / name)
    (call.folder / "scores" / "simulator=other" / "network=other").mkdir(parents=True)
    for stray in ("simulator=stocked/network=counted/part-0 (copy).parquet", "simulator=other/network=other/x.parquet"):
        (call.folder / "scores" / stray).write_text("a stray part")
    code, after = call("run"), shown(call.folder)
    for name, kind in kinds.items():
        same = (name in DATED and (call.folder / name).is_file()) or before.get(name) == after.get(name)
        outcome(f"table {kind}", name, HELD, {"exit": code, "same": same})
    assert before.keys() == after.keys() and ledger.disagreeing(call.folder) == []


@pytest.mark.full
def test_files_in_the_places_of_folders_make_way(call, outcome):
    before = shown(call.folder)
    for name in ("figures", "scores", "logs", "progress"):
        shutil.rmtree(call.folder / name, ignore_errors=True)
        (call.folder / name).write_text("a file")
    as_folder(call.folder / ledger.LEDGER)
    code = call("run")
    same = shown(call.folder) == before
    outcome("tables disturbed", "files for folders, a folder for the ledger", HELD, {"exit": code, "same": same})


def test_a_report_of_tables_that_are_not_what_was_written_is_refused(call, outcome, capsys):
    tables = ["failures.csv", "costs.parquet", "panels.npz", "models.csv", "validity.csv", "study.json", *scores(call)]
    for name, kind in zip(tables, HARMS, strict=True):
        path = call.folder / name
        kept = path.read_bytes()
        HARMS[kind](path)
        code, said = call("report"), capsys.readouterr().err
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.write_bytes(kept)
        told = sum(line.startswith("error: ") for line in said.splitlines())
        seen = {"exit": code, "sentences": told, "tracebacks": said.count("Traceback")}
        outcome(f"table {kind}, report", name, {"exit": 2, "sentences": 1, "tracebacks": 0}, seen)


def scores(call):
    return [str(p.relative_to(call.folder)) for p in call.folder.glob("scores/*/*/*.parquet")]


@pytest.mark.parametrize("name", ["shown", pytest.param("store", marks=pytest.mark.full)])
def test_a_file_in_the_place_of_a_folder_of_results_is_refused(call, name, outcome, capsys):
    path = call.folder.parent / name
    path.rename(path.with_name("aside"))
    path.write_text("a file")
    try:
        for verb in ("run", "plan", "report"):
            code, said = call(verb), capsys.readouterr().err
            seen = {"exit": code, "lines": said.count("\n")}
            outcome(f"{name} is a file", verb, {"exit": 2, "lines": 1}, seen)
    finally:
        path.unlink()
        path.with_name("aside").rename(path)
