"""The memory of one cell is not that of the cells before it, in whichever order they run."""

import mmap
from pathlib import Path

import pytest

from bench.launch import memory
from bench.launch.memory import Peak

MIB = 2**20
clears = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system never forgets a peak")


def hold(size):
    """Hold `size` MiB for a moment, of the system itself: a heap may have pages left that were there before."""
    with mmap.mmap(-1, max(size, 1) * MIB) as pages:
        for _ in range(size):
            pages.write(bytes(MIB - 1) + b"1")


def peak_of(peak, size):
    """The peak of a stretch that holds `size` MiB for a moment."""
    with peak.measured() as told:
        hold(size)
        return told()


@clears
@pytest.mark.parametrize("sizes", [(0, 200), (200, 0), (200, 0, 200)])
def test_a_stretch_that_takes_more_shows_it_before_and_after_one_that_does_not(sizes):
    peak = Peak()
    found = [peak_of(peak, size) for size in sizes]
    much, little = ([f for f, size in zip(found, sizes, strict=True) if bool(size) is kind] for kind in (True, False))
    assert min(much) - max(little) > 190


@clears
def test_an_inner_stretch_is_not_the_outer_ones():
    peak = Peak()
    with peak.measured() as outer:
        start = outer()
        assert peak_of(peak, 200) - start > 190
        assert outer() - start < 50
        hold(100)
        peak_of(peak, 0)
        assert 90 < outer() - start < 150


def test_without_a_process_file_the_peak_is_that_of_the_whole_process(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_PROCESS", tmp_path / "nothing")
    memory.forget()
    assert peak_of(Peak(), 50) >= 50
    assert memory.highest() > 0
