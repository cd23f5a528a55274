"""Editions: published once, whole, with a digest that names a damaged byte; what is not fit for one is refused."""

import errno
import hashlib
import json
import os

import numpy as np
import pandas as pd
import pytest

from bench import report
from bench.cli import main
from bench.contracts import BadInput
from bench.published import edition, places
from bench.store import files, ledger, processes
from bench.verbs import serving
from bench.verify import changes


def refused(whole, home, capsys, *words):
    """The sentence of a refusal to publish, after which nothing lies there that was not there before."""
    before = sorted(home.rglob("*"))
    assert whole[1]("publish", *words) == 2
    assert sorted(home.rglob("*")) == before
    return capsys.readouterr().err


def test_an_edition_says_what_it_is_and_is_cited(whole, home, capsys):
    folder, call = whole
    assert call("publish", "edition=1") == 0
    first = home / "edition-1"
    record = json.loads((first / edition.RECORD).read_text())
    names = sorted(record["files"])
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*.parquet")} <= set(names)
    assert {"leaderboard.csv", "study.json", "panels.npz"} <= set(names) and "index.html" not in names
    lines = [f"{hashlib.sha256((first / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    assert record["digest"] == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert (record["study"], record["edition"], record["commit"]) == ("whole", 1, "01234567" * 5)
    assert record["machines"][0].keys() >= {"device", "python", "torch", "numpy"} and len(record["commands"]) == 1
    assert record["citation"].endswith(
        f"Study whole, edition 1, {record['date'][:10]}, sha256 {record['digest'][:12]}."
    )
    assert record["citation"] in (first / "index.html").read_text()
    assert record["citation"] in capsys.readouterr().out
    assert (home / "CHANGES.md").read_text().endswith("The first edition.\n")
    assert places.studies() == [first] and places.study_name(first) == "whole"


@pytest.mark.fault("editions")
@pytest.mark.parametrize("name", ["leaderboard.csv", "panels.npz", "edition.json", "study.json"])
def test_a_byte_that_changed_is_named(whole, home, capsys, name):
    whole[1]("publish", "edition=1")
    assert whole[1]("show edition:1") == 0 and "as it was published" in capsys.readouterr().err
    path = home / "edition-1" / name
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1) if name != "panels.npz" else path.read_bytes() + b"1")
    assert whole[1]("show edition:1") in (1, 2)
    assert str(path) in capsys.readouterr().err


def test_an_edition_is_not_written_again_and_numbers_have_no_gaps(whole, home, capsys):
    assert "give edition=1, as there is none in" in refused(whole, home, capsys, "edition=2")
    whole[1]("publish", "edition=1")
    assert "give edition=2, the next one, as edition 1" in refused(whole, home, capsys, "edition=1")
    assert "give edition=2, as the last one in" in refused(whole, home, capsys, "edition=3")
    assert "publish the next one with edition=2" in refused(whole, home, capsys)


def test_the_next_edition_says_what_moved(whole, home, capsys):
    folder, call = whole
    assert call("publish", "edition=1") == 0
    before = edition.hashes(home / "edition-1")
    parts = sorted(folder.glob("scores/*/*/*.parquet"))
    for part in parts:
        rows = pd.read_parquet(part, partitioning=None)
        raised = (rows["method"] == "gradient") & (rows["status"] == "ok")
        rows.assign(value=rows["value"] + 0.3 * raised).to_parquet(part, index=False)
    report.leaderboard(folder)
    ledger.write(folder)
    assert call("drift") == 1
    heard = capsys.readouterr().out
    assert "gradient" in heard and "moved, 0 gone, 0 new" in heard
    assert call("publish", "edition=2") == 0
    assert edition.hashes(home / "edition-1") == before and edition.Edition.of(home / "edition-2").faults() == []
    changed = (home / "CHANGES.md").read_text()
    assert changed.index("## Edition 2") < changed.index("## Edition 1") and "/ gradient: " in changed
    table = pd.read_csv(home / "edition-2" / "drift.csv")
    assert np.allclose(table["difference"][table["method"] == "gradient"], 0.3, atol=1e-4) and table["paired"].all()
    assert call("drift") == 0 and call("drift", "edition=1,2") == 1 and call("drift", "edition=3") == 2
    assert changes.changes_of(home) == changed and places.tables_in(home) == home / "edition-2"


def test_an_edition_lies_beside_no_other_tables(whole, home, capsys):
    assert whole[1]("publish") == 0 and places.studies() == [home]
    assert "holds tables that are no edition; remove them first" in refused(whole, home, capsys, "edition=1")


def rewritten(folder, name, change):
    """Change a table of a study, and vouch for it."""
    path = next(folder.glob(name))
    change(pd.read_parquet(path, partitioning=None)).to_parquet(path, index=False)
    ledger.write(folder)


def machines(**of_commit):
    """Change of provenance.parquet: its first row has another commit, or uncommitted changes."""

    def change(rows):
        machine = json.dumps({**json.loads(rows["machine"][0]), **of_commit})
        return rows.assign(machine=[machine, *rows["machine"][1:]])

    return change


def about(folder, **content):
    path = folder / "study.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **content}))
    ledger.write(folder)


PROVENANCE, SCORES = "provenance.parquet", "scores/*/*/*.parquet"
UNFIT = {
    "uncommitted changes": (
        lambda f: rewritten(f, PROVENANCE, machines(git_dirty=True)),
        r"the cell [0-9a-f]{16} .* was computed with uncommitted changes; commit all, then compute",
    ),
    "no commit": (lambda f: rewritten(f, PROVENANCE, machines(git_sha="")), "was computed outside of a checkout"),
    "two commits": (
        lambda f: rewritten(f, PROVENANCE, machines(git_sha="f" * 40)),
        r"mixes rows of 2 commits, ffffffffffff \(the cell .*\) and 012345670123 \(the cell ",
    ),
    "tables of another commit": (
        lambda f: about(f, git_sha="f" * 40),
        "the tables were written at commit ffffffffffff, and their rows at commit 012345670123; check that out",
    ),
    "tables with uncommitted changes": (lambda f: about(f, git_dirty=True), "were written with uncommitted changes"),
    "a part is missing": (
        lambda f: (
            rewritten(f, PROVENANCE, lambda rows: rows[~rows["unit"].str.contains("d1")].reset_index(drop=True)),
            rewritten(f, SCORES, lambda rows: rows[rows["data_seed"] != 1]),
        ),
        r"lacks \d+ cells of 1 units, e.g. measure \w+ calibrated_ap of box-linear-d1-m0; compute them, or merge",
    ),
    "a part is doubled": (
        lambda f: rewritten(f, PROVENANCE, lambda rows: pd.concat([rows, rows[-1:]], ignore_index=True)),
        r"the cell [0-9a-f]{16} .* stands twice; merge each part once",
    ),
    "scores are doubled": (
        lambda f: rewritten(f, SCORES, lambda rows: pd.concat([rows, rows[-1:]], ignore_index=True)),
        "calibrated_ap of .* of box and linear stands twice; merge each part once",
    ),
    "a part is of another plan": (
        lambda f: rewritten(f, PROVENANCE, lambda rows: rows.assign(key=["f" * 16, *rows["key"][1:]])),
        "the cell ffffffffffffffff .* is of another plan than 'study=fake",
    ),
    "nobody vouches for a table": (
        lambda f: (f / "cells.csv").write_text(""), "cells.csv is not what was written; write it anew",
    ),
    "no page": (lambda f: ((f / "index.html").unlink(), ledger.write(f)), "has no page; write it anew"),
}  # fmt: skip


@pytest.mark.fault("editions")
@pytest.mark.parametrize("case", UNFIT)
def test_tables_that_are_no_edition_are_refused_by_name(whole, home, capsys, case):
    harm, sentence = UNFIT[case]
    harm(whole[0])
    text = refused(whole, home, capsys, "edition=1")
    assert text.startswith("error: ") and text.count("\n") == 1
    with pytest.raises(BadInput, match=sentence):
        raise BadInput(text)


@pytest.mark.fault("editions")
def test_a_disk_that_fills_in_the_middle_leaves_nothing(whole, home, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(edition, "write", full)
        assert "the disk is full while writing" in refused(whole, home, capsys, "edition=1")
    assert whole[1]("publish", "edition=1") == 0


@pytest.mark.fault("editions")
def test_what_a_killed_publish_left_is_swept_by_the_next(whole, home):
    over = processes.mark(os.getpid()).rpartition(".")[0] + ".1"
    left = home / f".tmp-{over}-0"
    left.mkdir(parents=True)
    (left / "study.json").write_text("{}")
    assert places.editions(home) == {} and places.studies() == []
    assert whole[1]("publish", "edition=1") == 0
    assert not left.exists() and places.studies() == [home / "edition-1"]


def test_an_edition_and_a_folder_given_twice_are_no_parts(whole, home, capsys):
    folder, call = whole
    call("publish", "edition=1")
    assert call(f"merge {home / 'edition-1'} {folder}") == 2
    assert "is edition 1 of whole, which does not change; give the parts" in capsys.readouterr().err
    assert call(f"merge {folder} {folder}") == 2
    assert "is given twice; give each part once" in capsys.readouterr().err


def test_a_race_for_a_number_has_a_loser_who_is_told(whole, home, monkeypatch, capsys):
    monkeypatch.setattr(files, "publish", lambda *_: (home / "edition-1").mkdir(parents=True) or False)
    assert whole[1]("publish", "edition=1") == 2
    assert "give edition=2, the next one" in capsys.readouterr().err


def test_a_page_without_a_place_for_a_citation_is_refused(whole, home, capsys):
    page = whole[0] / "index.html"
    page.write_text(page.read_text().replace("<!-- citation -->", ""))
    ledger.write(whole[0])
    assert "has no place for a citation" in refused(whole, home, capsys, "edition=1")


def test_pages_serve_every_edition_and_an_index_cites_the_newest(whole, home, monkeypatch, tmp_path, capsys):
    whole[1]("publish", "edition=1")
    monkeypatch.setattr(serving, "TARGET", tmp_path / "pages")
    assert main(["pages"]) == 0
    index = (tmp_path / "pages" / "index.html").read_text()
    citation = edition.Edition.of(home / "edition-1").record["citation"]
    assert '<a href="whole/edition-1/index.html">' in index and citation in index
    served = tmp_path / "pages" / "whole" / "edition-1"
    assert (served / "index.html").is_file() and edition.hashes(served) == edition.hashes(home / "edition-1")
