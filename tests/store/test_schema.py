"""A store or tables of another version are refused in one sentence that names the command to use."""

import json
from pathlib import Path

import pytest

from bench.cli import main
from bench.contracts import BadInput
from bench.store import schema
from bench.store.artefacts import Artefacts

FAKES = Path(__file__).parents[1] / "study" / "fakes" / "conf"
KEY = "0123456789abcdef"


def mark(root, number):
    root.mkdir(parents=True, exist_ok=True)
    (root / schema.MARK).write_text(json.dumps({"schema": number}))


def test_a_store_that_names_no_schema_is_refused_and_keeps_all_it_holds(tmp_path):
    store = Artefacts(tmp_path)
    store.put("maps", "a", KEY, lambda f: (f / "x.txt").write_text("hello"), {})
    with pytest.raises(
        BadInput,
        match=r"store schema unknown, this version of the code has 1: put back .*schema.json, or issue the same",
    ):
        schema.check_store(tmp_path)
    assert not (tmp_path / schema.MARK).exists()
    assert (Artefacts(tmp_path).read("maps", KEY) / "x.txt").read_text() == "hello"


@pytest.mark.parametrize(("found", "said"), [(99, "update the code, or issue"), (-1, ": issue the same command")])
def test_a_store_that_cannot_be_read_is_refused_by_the_command_line(found, said, tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(FAKES.parents[1]))
    mark(tmp_path / "results" / "store", found)
    arguments = [
        "plan",
        "study=fake",
        "trusted=[fakes]",
        f"paths.results={tmp_path / 'results'}",
        "--config-dir",
        str(FAKES),
    ]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"schema {found}" in error and said in error and "paths.results=" in error
    assert [p.name for p in (tmp_path / "results").rglob("*") if p.is_file()] == [schema.MARK]


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "one"}'])
def test_an_unreadable_mark_is_named(text, tmp_path):
    (tmp_path / schema.MARK).write_text(text)
    with pytest.raises(BadInput, match=f"{schema.MARK}.*; put back a whole copy, or issue the same command with paths"):
        schema.check_store(tmp_path)


def test_tables_of_another_schema_are_refused_with_the_command_that_writes_them(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps({"schema": schema.TABLES}))
    schema.check_tables(folder)
    for content, named in (({"schema": 7}, "7"), ({}, "unknown")):
        (folder / "study.json").write_text(json.dumps(content))
        with pytest.raises(BadInput, match=rf"schema {named}.*'python -m bench tables' and the words"):
            schema.check_tables(folder)


def test_a_new_store_says_its_schema_and_one_that_is_absent_is_not_made(tmp_path):
    schema.check_store(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
    schema.claim(tmp_path / "new")
    schema.check_store(tmp_path / "new")
    assert (tmp_path / "new" / schema.MARK).exists()
