"""What a process left under a hidden name is deleted once it is over, and no sooner."""

import os
import subprocess
import sys

from bench.store import files, processes


def over():
    """The mark of a process that has ended, taken while it lived."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = processes.mark(child.pid)
    assert not processes.is_over(mark)
    child.kill()
    # it has ended, though nobody has asked how
    while not processes.is_over(mark):
        pass
    child.wait()
    return mark


def test_a_process_is_over_when_it_has_ended_or_another_has_its_number():
    mine = processes.mark(os.getpid())
    assert not processes.is_over(mine) and processes.is_alive(mine) and "-" not in mine
    assert processes.is_over(over()) and not processes.is_alive(over())
    machine, pid, start = mine.split(".")
    assert processes.is_over(f"{machine}.{pid}.{int(start) - 1}")
    for other in (f"elsewhere.{pid}.0", "x", "", f"{machine}.x.0", machine):
        assert not processes.is_over(other) and not processes.is_alive(other), "nothing is known of it"


def test_only_what_the_dead_left_is_swept(tmp_path):
    dead, folders = over(), [tmp_path, tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    folders[-1].mkdir(parents=True)
    living = [files.hidden(folder) for folder in folders]
    for path in living:
        path.write_text("being written")
    for folder in folders:
        (folder / f".tmp-{dead}-1").mkdir()
        (folder / f".tmp-{dead}-1" / "half").write_text("left")
        (folder / f".tmp-{dead}-2").symlink_to("nowhere")
    others = [tmp_path / ".tmp-x-1", tmp_path / ".tmp-other.1.0-1"]
    for path in others:
        path.write_text("of another machine")
    files.sweep(tmp_path)
    assert sorted(tmp_path.rglob(".tmp-*")) == sorted([*living, *others])
