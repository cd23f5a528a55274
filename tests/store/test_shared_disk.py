"""What is asked of a disk that machines share: renames are one step, its own clock; nobody locks or appends."""

import re
import subprocess
import sys
import time

import pytest

from bench.provenance import ROOT
from bench.store import clock, files

#: what would ask more of a file system
LOCKS = re.compile(r"\bfcntl\b|\bflock\b|\blockf\b|O_EXCL|O_APPEND|[( ]\"a[b+]*\"\)|\bos\.link\b")
WRITER = """
import sys
from pathlib import Path
from bench.store import files
path, letter = Path(sys.argv[1]), sys.argv[2].encode()
for _ in range(200):
    files.write_bytes(path, letter * 100_000)
"""


def test_a_reader_meets_one_whole_file_while_two_processes_replace_it(tmp_path):
    path = tmp_path / "table"
    files.write_bytes(path, b"a" * 100_000)
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, letter], cwd=ROOT) for letter in "ab"]
    while any(writer.poll() is None for writer in writers):
        content = path.read_bytes()
        assert len(content) == 100_000 and len(set(content)) == 1
    assert [writer.returncode for writer in writers] == [0, 0] and [*tmp_path.iterdir()] == [path]


def test_a_folder_gives_way_to_none_that_holds_something(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / folder.name).touch()
    assert files.publish(first, tmp_path / "name") and not files.publish(second, tmp_path / "name")
    assert [path.name for path in (tmp_path / "name").iterdir()] == ["first"]


def test_nothing_is_locked_or_appended_to():
    asking = {str(path.relative_to(ROOT)): LOCKS.findall(path.read_text()) for path in (ROOT / "bench").rglob("*.py")}
    assert {path: words for path, words in asking.items() if words} == {}
    assert LOCKS.search('path.open("a")') and LOCKS.search("import fcntl")


def test_the_clock_is_that_of_the_file_system_and_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "before").touch()
    before = (tmp_path / "before").stat().st_mtime
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0 <= clock.file_time(tmp_path) - before < 60
    assert [path.name for path in tmp_path.iterdir()] == ["before"]


def test_where_nothing_can_be_written_the_time_is_not_known(tmp_path):
    assert clock.file_time(tmp_path / "nowhere") is None


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_store_is_read_whatever_the_clock_of_the_machine(tmp_path, monkeypatch, hours):
    from bench.store.artefacts import Artefacts

    monkeypatch.setattr(time, "time_ns", lambda real=time.time_ns: real() + hours * 3600 * 10**9)
    here, there = Artefacts(tmp_path), Artefacts(tmp_path)
    assert here.find("train", "0" * 16) is None
    there.put("train", "model", "0" * 16, lambda folder: None, {"run": "there"})
    assert Artefacts(tmp_path).known("train", "0" * 16)["run"] == "there"
    here.put("train", "model", "0" * 16, lambda folder: None, {"run": "here"})
    assert Artefacts(tmp_path).known("train", "0" * 16)["run"] == "there", "who comes second throws away"
