"""Progress by expected seconds: of unequal cells, of restarted children, and the time left."""

import time
from types import SimpleNamespace

import pytest

from bench.launch.expected import ExpectedWork
from bench.launch.heart import Heart
from bench.launch.spoken import SpokenBeat, spoken
from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.plan.estimate import expected_seconds

PENDING = {"a": ["slow", "quick", "new"], "b": ["quick"]}


@pytest.fixture
def work():
    return ExpectedWork(SimpleNamespace(pending=PENDING), ("a", "b"), seconds(slow=90.0, quick=10.0))


@pytest.fixture
def cached():
    """A cell with what is drawn for it, and another one after it."""
    waiting = {"model": {"bank": 20.0, "images": 30.0, "model": 50.0}, **seconds(maps=100.0)}
    return ExpectedWork(SimpleNamespace(pending={"a": ["model", "maps"]}), ("a",), waiting)


def seconds(**cells):
    return {cell: {cell: value} for cell, value in cells.items()}


def beat(total, position, share=0.0, on_the_way=""):
    return {"total": total, "position": position, "share": share, "on_the_way": on_the_way}


def test_a_cell_counts_as_long_as_it_is_expected_to_take(work):
    assert work.total == 90 + 10 + 50 + 10, "what nobody timed is as long as the mean"
    assert work.done({"a": beat(3, 0, 0.5), "b": {}}) == 45
    assert work.done({"a": beat(3, 1), "b": beat(1, 1)}) == 90 + 10
    assert work.done({"a": beat(3, 3), "b": beat(1, 1)}) == work.total


def test_a_child_that_was_started_again_counts_what_is_left(work):
    assert work.done({"a": beat(1, 0, 0.5)}) == 90 + 10 + 25


def test_caches_on_the_way_to_a_cell_count_their_own_seconds(cached):
    at_work = [
        ("", 0.0, 0), ("bank", 0.5, 10), ("images", 0.0, 20), ("images", 0.5, 35), ("", 0.1, 55), ("", 1.0, 100),
    ]  # fmt: skip
    for on_the_way, share, done in at_work:
        assert cached.done({"a": beat(2, 0, share, on_the_way)}) == done
    assert (cached.total, cached.done({"a": beat(2, 1, 0.5)})) == (200, 150)
    assert cached.left({"a": beat(2, 0, 0.5, "bank")}, 10.0) == "about 3 min left"


def test_the_cache_of_another_cell_is_no_share_of_this_one(work):
    assert work.done({"a": beat(3, 0, 0.7, "bank")}) == 0


def test_the_time_of_a_cell_goes_on_while_another_one_is_made_on_the_way_to_it(tmp_path):
    heart = Heart(tmp_path / "a.json")
    heart.reset(2)
    began = []
    for title, on_the_way in (("calibrate", ""), ("calibration_bank", "bank"), ("calibrate", "")):
        heart.beat(0, title, 0.5, on_the_way)
        began.append(heart.read()["since"])
        assert (heart.read()["title"], heart.read()["on_the_way"]) == (title, on_the_way)
    assert began[0] == began[1] == began[2]


def test_the_time_left_goes_by_what_was_done(work):
    assert work.left({"a": beat(3, 1)}, 45.0) == "about 35 s left"
    assert work.left({"a": {}}, 45.0) == ""


def test_at_the_end_nothing_is_left_and_no_less_than_that():
    pending = {"a": ["x"], "b": ["y", "z"]}
    work = ExpectedWork(SimpleNamespace(pending=pending), ("a", "b"), seconds(x=0.3, y=0.2, z=0.1))
    ended = {"a": beat(1, 1), "b": beat(2, 2)}
    assert work.done(ended) > work.total, "by rounding"
    assert work.left(ended, 1e5) == "about 0 s left"


def test_nothing_timed_counts_every_cell_alike():
    work = ExpectedWork(SimpleNamespace(pending=PENDING), ("a",), {})
    assert (work.total, work.done({"a": beat(3, 1)})) == (3.0, 1.0)


def test_a_verb_says_how_far_it_is_where_it_was_silent(capsys):
    cell = SimpleNamespace(unit=SimpleNamespace(simulator="focal"), title="calibrate")
    SpokenBeat(every_s=3600.0)(0, cell, 0.3)
    assert capsys.readouterr().err == ""
    SpokenBeat(every_s=0.0)(0, cell, 0.3)
    assert capsys.readouterr().err == "focal: calibrate 30%\n"


def test_what_takes_long_is_named_until_it_is_done(capsys):
    with spoken("focal: portrait", every_s=3600.0):
        pass
    assert capsys.readouterr().err == ""
    with spoken("focal: portrait", every_s=0.01):
        time.sleep(0.1)
    assert capsys.readouterr().err.startswith("focal: portrait (0:00)\n")


def test_minutes_have_sixty_seconds(capsys, monkeypatch):
    times = iter([0.0, 125.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(times, 125.0))
    with spoken("focal: portrait", every_s=0.001):
        time.sleep(0.1)
    assert capsys.readouterr().err.startswith("focal: portrait (2:05)\n")


def test_every_cell_of_a_study_is_expected_to_take_what_another_seed_took(planned):
    lines = ["method=[random]", "metric=[calibrated_ap]", "seed.model=0"]
    first = plan.with_work(planned(*lines, "seed.data=0"))
    UnitRun(first, first.units[0]).run(first.pending[first.units[0].id])
    second = plan.with_work(planned(*lines, "seed.data=1"))
    expected, pending = expected_seconds(second), second.pending[second.units[0].id]
    assert expected.keys() == {*pending}
    for key, (*caches, itself) in expected.items():
        assert itself == key and all(value >= 0 for value in expected[key].values())
        assert not {*caches} & {*pending}
    drawn = second.caches[second.units[0].id]
    assert {cache for parts in expected.values() for cache in parts} == {*pending, *drawn}


def test_a_unit_that_was_stopped_before_its_first_cell_has_nothing_behind_it(work):
    assert work.done({"a": {"stopped": "the launcher could not begin"}}) == 0
