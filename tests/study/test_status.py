"""Status of a study from outside: units done, at work, left behind and waiting, whoever works on it."""

import json
import os
import time
from dataclasses import replace

import pytest

from bench import provenance
from bench.launch.heart import SILENT_S, Heart
from bench.launch.status import StudyStatus
from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.store import clock, processes
from bench.verbs.command import Command
from bench.verbs.watching import status

LINES = ["seed.data=0,1,2", "seed.model=0", "method=[raises,random]", "metric=[calibrated_ap]"]
#: the mark of a process that was there once
OVER = processes.mark(os.getpid()).rsplit(".", 1)[0] + ".1"

#: the mark of a process of another machine
ELSEWHERE = "elsewhere.1.1"


@pytest.fixture
def study(planned):
    """Three units: one done but for a method that fails, two not begun."""
    work = plan.with_work(planned(*LINES))
    UnitRun(work, work.units[0]).run(work.pending[work.units[0].id])
    return work


def begun(study, unit, process=None, silent=0.0):
    """The heartbeat of a unit in its third cell, as another process may have left it so many seconds ago."""
    heart = Heart.of(study, unit.id)
    heart.path.parent.mkdir(parents=True, exist_ok=True)
    heart.reset(5)
    heart.beat(2, "attribute random", 0.25)
    if process:
        heart.path.write_text(json.dumps({**heart.read(), "process": process}))
    then = clock.file_time(heart.path.parent) - silent
    os.utime(heart.path, (then, then))
    return heart


def states(study):
    return {unit.unit: unit.state for unit in StudyStatus.of(study).units if unit.unit in {u.id for u in study.units}}


def test_units_are_done_at_work_left_behind_or_waiting(study):
    first, second, third = (unit.id for unit in study.units)
    assert states(study) == {first: "done", second: "waiting", third: "waiting"}
    begun(study, study.units[1])
    begun(study, study.units[2], OVER)
    assert states(study) == {first: "done", second: "running", third: "stopped"}
    seen = {unit.unit: unit for unit in StudyStatus.of(study).units}
    assert f"attribute random 25% on {os.uname().nodename} since 20" in seen[second].sentence
    assert "heard of 0 s ago" in seen[second].sentence
    assert "its process is over, issue the same command again" in seen[third].sentence
    assert seen[first].failed == 1 and "1 cell failed" in seen[first].sentence


def test_of_two_calls_the_one_at_work_is_told(study):
    begun(study, study.units[1])
    begun(replace(study, run="zzz"), study.units[1], OVER)
    assert states(study)[study.units[1].id] == "running"


def test_a_unit_that_is_finished_is_not_at_work_and_a_torn_beat_is_passed_over(study):
    begun(study, study.units[1]).finish()
    begun(study, study.units[2]).path.write_text('{"title": ')
    assert set(states(study).values()) == {"done", "waiting"}


def test_of_another_machine_the_file_system_tells_who_is_at_work_whatever_its_clock(study, monkeypatch):
    _, second, third = (unit.id for unit in study.units)
    for hour in (-3600.0, 3600.0):
        # the reader's clock differs from the file system's, as that of the other machine may
        with monkeypatch.context() as patched:
            real = time.time
            patched.setattr(time, "time", lambda hour=hour, real=real: real() + hour)
            begun(study, study.units[1], ELSEWHERE, silent=SILENT_S / 2)
            begun(study, study.units[2], ELSEWHERE, silent=SILENT_S * 2)
            seen = {unit.unit: unit for unit in StudyStatus.of(study).units}
            assert (seen[second].state, seen[third].state) == ("running", "stopped")
            assert "heard of 10 min ago; nobody is known to be at work on it" in seen[third].sentence
            since = seen[second].sentence.partition(" since ")[2][:16]
            assert since in {provenance.moment(time.time() - ago)[:16] for ago in range(-5, 30)}


def test_a_process_of_this_machine_that_goes_on_is_at_work_however_silent(study):
    begun(study, study.units[1], silent=SILENT_S * 2)
    assert states(study)[study.units[1].id] == "running"


def test_a_unit_whose_cell_says_nothing_lives(study):
    heart = begun(study, study.units[1], ELSEWHERE, silent=SILENT_S * 2)
    assert states(study)[study.units[1].id] == "stopped"
    heart.live()
    assert states(study)[study.units[1].id] == "running"


def test_where_nothing_can_be_written_nobody_is_called_dead(study, monkeypatch):
    begun(study, study.units[1], ELSEWHERE, silent=SILENT_S * 2)
    monkeypatch.setattr(clock, "file_time", lambda folder: None)
    assert states(study)[study.units[1].id] == "running"


def test_the_verb_says_it_and_leaves_nothing_behind(study, planned, capsys, monkeypatch):
    begun(study, study.units[1])

    def files():
        return {path: path.stat().st_mtime_ns for path in study.folder.parent.rglob("*") if path.is_file()}

    before = files()
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    assert status(Command()) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert f"{study.name}: units: 1 done, 1 running, 1 waiting; comparisons: 1 " in first
    assert "1 cell failed" in first and " left with 1 at work" in first
    assert any(line.startswith(f"running  {study.units[1].id}") for line in rest)
    assert files() == before
