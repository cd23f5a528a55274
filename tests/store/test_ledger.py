"""The ledger of a study's folder: what was written is known again, and nothing else."""

import json

import pytest

from bench.store import ledger

FILES = ("models.csv", "study.json", "panels.npz", "index.html", "scores/simulator=a/network=b/part-0.parquet")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "study"
    for name in (*FILES, "figures/gallery.png", "plan.json", "logs/x.csv", "notes.txt"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    ledger.write(made)
    return made


def stray(folder):
    (folder / FILES[-1]).with_name("part-0 (conflicted copy).parquet").write_text("x")


def figures_are_a_file(folder):
    (folder / "figures" / "gallery.png").unlink()
    (folder / "figures").rmdir()
    (folder / "figures").write_text("x")


HARMS = {
    "deleted": (lambda f: (f / "models.csv").unlink(), "models.csv"),
    "emptied": (lambda f: (f / "panels.npz").write_text(""), "panels.npz"),
    "halved": (lambda f: (f / FILES[-1]).write_text("scores"), FILES[-1]),
    "a folder": (lambda f: ((f / "index.html").unlink(), (f / "index.html").mkdir()), "index.html"),
    "a loop": (lambda f: ((f / "study.json").unlink(), (f / "study.json").symlink_to("study.json")), "study.json"),
    "a stray part": (stray, "scores/simulator=a/network=b/part-0 (conflicted copy).parquet"),
    "a file for a folder": (figures_are_a_file, "figures/gallery.png"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_not_as_written_is_named(folder, harm):
    assert ledger.disagreeing(folder) == []
    do, name = HARMS[harm]
    do(folder)
    assert ledger.disagreeing(folder) == [name]


def test_what_is_no_table_is_free_to_change(folder):
    for name in ("plan.json", "logs/x.csv", "notes.txt"):
        (folder / name).write_text("other")
    assert ledger.disagreeing(folder) == []


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "{", "[" * 10**5, '{"files": {}, "seal": "x"}', '{"files": 1}']
)
def test_a_ledger_that_is_none_vouches_for_nothing(folder, text):
    (folder / ledger.LEDGER).write_text(text)
    assert ledger.disagreeing(folder) == [ledger.LEDGER] and ledger.read(folder) is None


def test_a_ledger_speaks_of_one_study(folder):
    assert ledger.disagreeing(folder.rename(folder.with_name("other"))) == [ledger.LEDGER]


def test_a_ledger_that_somebody_edits_vouches_for_nothing(folder):
    path = folder / ledger.LEDGER
    content = json.loads(path.read_text())
    content["files"].pop("models.csv")
    path.write_text(json.dumps(content))
    (folder / "models.csv").unlink()
    assert ledger.disagreeing(folder) == [ledger.LEDGER]


def test_work_vouches_for_what_it_writes_and_for_no_damage(folder):
    (folder / "models.csv").write_text("damaged")
    (folder / "panels.npz").write_text("damaged")
    with ledger.keeping(folder):
        (folder / "panels.npz").write_text("written anew")
        (folder / "new.csv").write_text("new")
    assert ledger.disagreeing(folder) == ["models.csv"]
    with pytest.raises(ValueError, match="broke"), ledger.keeping(folder):
        (folder / "new.csv").write_text("half")
        raise ValueError("broke")
    assert ledger.disagreeing(folder) == ["models.csv", "new.csv"]


def test_where_nothing_is_vouched_for_work_changes_nothing(folder):
    ledger.disown(folder)
    with ledger.keeping(folder):
        (folder / "new.csv").write_text("new")
    assert ledger.disagreeing(folder) == [ledger.LEDGER]


def test_what_has_the_name_of_a_file_or_folder_and_is_none_makes_way(folder):
    figures_are_a_file(folder)
    (folder / "a.csv").mkdir()
    (folder / "b.npz").symlink_to("nowhere")
    (folder / "c.html").symlink_to("c.html")
    (folder / "mine").write_text("kept")
    ledger.clear_names(folder)
    assert {p.name for p in folder.iterdir()} == {*(n.split("/")[0] for n in FILES), *("plan.json", "logs")} | {
        "notes.txt",
        "mine",
        ledger.LEDGER,
    }
