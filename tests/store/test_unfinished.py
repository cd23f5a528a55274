"""What an interrupted process has done is taken over once it is over, by one other, and nothing of it stays."""

import os

import pytest
from test_processes import over

from bench.store import files, processes
from bench.store.unfinished import taken_over


def left(folder, mark, size=1):
    path = folder / f"{files.UNFINISHED}bank-{mark}"
    path.mkdir(parents=True)
    (path / "voxels").write_bytes(size * b"x")
    return path


def test_the_largest_of_what_the_dead_left_is_gone_on_from(tmp_path):
    left(tmp_path, over(), 1), left(tmp_path, over(), 3), left(tmp_path, over(), 2)
    (tmp_path / f".tmp-{over()}-1").mkdir()
    with taken_over(tmp_path, "bank") as begun:
        assert (begun / "voxels").read_bytes() == b"xxx"
        assert [*tmp_path.iterdir()] == [begun]
    assert not [*tmp_path.iterdir()]


def test_what_a_living_process_or_another_machine_writes_is_left_alone(tmp_path):
    others = [left(tmp_path, processes.mark(os.getppid())), left(tmp_path, "elsewhere.1.0")]
    with taken_over(tmp_path, "bank") as begun:
        assert not [*begun.iterdir()]
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_an_interruption_keeps_what_is_there_and_an_error_does_not(tmp_path):
    for error, kept in ((KeyboardInterrupt, ["half"]), (KeyboardInterrupt, ["half"]), (OSError, [])):
        with pytest.raises(error), taken_over(tmp_path / "new", "bank") as begun:
            (begun / "half").touch()
            raise error
        assert [path.name for path in (tmp_path / "new").rglob("*") if path.is_file()] == kept
