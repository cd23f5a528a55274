"""Caches: deleted once read unless another call is at work, their costs still known, made again as they were."""

import os
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

from bench.contracts import BadInput
from bench.launch import caches
from bench.launch.call import reading_caches
from bench.launch.heart import OWNER, Heart, folder
from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.plan.cells import Cells
from bench.plan.prices import Cost, Prices, WorkKind, price_of, read, work
from bench.plan.prune import prune
from bench.stages.calibrate import CALIBRATE
from bench.stages.images import IMAGES
from bench.store import processes
from bench.tables.writer import Writer
from bench.verbs import checking, exploring, planning

LINES = ["simulator=stocked", "seed.data=0", "seed.model=0", "method=[random]", "metric=[calibrated_ap]"]
#: the mark of a process that was there once
OVER = processes.mark(os.getpid()).rsplit(".", 1)[0] + ".1"


@pytest.fixture
def computed(planned):
    study = plan.with_work(planned(*LINES))
    UnitRun(study, study.units[0]).run(study.pending[study.units[0].id])
    return study


@pytest.fixture
def banked(planned, monkeypatch):
    """A study whose calibration reads a bank."""
    study = planned(*LINES)
    monkeypatch.setattr(
        type(study.make("simulators", "stocked")), "calibration_streams", {"calibration": 6}, raising=False
    )
    return study


def calibrated(study):
    """Stands in for what a verb does, once it has an amplitude."""
    UnitRun(study, study.units[0]).value(CALIBRATE)
    assert study.artefacts().keys("calibration_bank")


VERBS = {
    exploring.portrait: (exploring.portraits, "write"),
    exploring.export: (exploring, "folders"),
    checking.check: (checking, "conform"),
    checking.calibrate: (checking, "committed"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_calibrates_on_its_way_leaves_no_bank(banked, verb, monkeypatch, tmp_path):
    def work(given, *_):
        calibrated(banked)
        return tmp_path if verb is checking.calibrate else []

    monkeypatch.setattr(*VERBS[verb], work)
    assert verb(SimpleNamespace(study=lambda: (banked, []), overrides=[])) == 0
    assert not banked.artefacts().keys("calibration_bank")


def test_a_verb_at_work_keeps_the_bank_that_another_is_done_with(banked):
    """Simulators of one anatomy share it: of two calibrations side by side the slower one lost it."""
    with reading_caches(banked) as slow:
        calibrated(slow)
        with reading_caches(banked) as quick:
            calibrated(quick)
        assert banked.artefacts().keys("calibration_bank")
    assert not banked.artefacts().keys("calibration_bank")
    assert not banked.folder.exists(), "a verb leaves no folder in which nothing is"


def test_a_verb_that_needs_no_cache_works_where_nothing_can_be_written(banked, tmp_path):
    (tmp_path / "file").write_text("")
    with reading_caches(replace(banked, results=str(tmp_path / "file" / "results"))) as study:
        assert study.run


def test_prune_keeps_what_a_call_at_work_reads(banked):
    words = SimpleNamespace(study=lambda: (banked, []), words=["prune"])
    with reading_caches(banked) as study:
        calibrated(study)
        assert planning.store(words) == 0 and banked.artefacts().keys("calibration_bank")
        (folder(study) / "plan.json").write_text("{")
        with pytest.raises(BadInput, match="a call at work whose plan cannot be read"):
            planning.store(words)


def test_a_verb_that_ends_early_leaves_its_bank_to_the_next(banked):
    with pytest.raises(BadInput), reading_caches(banked) as study:
        calibrated(study)
        raise BadInput("the disk is full")
    assert banked.artefacts().keys("calibration_bank")
    assert not list(banked.folder.rglob("owner"))


def test_a_bank_that_nobody_timed_has_the_price_of_the_bank_of_a_data_seed(banked):
    cells = Cells(banked)
    (cell,) = cells.cell(CALIBRATE, banked.units[0]).caches
    prices = Prices()
    assert price_of(prices, cells, cell) is None
    prices.add(WorkKind("bank"), work(cells, cell), Cost(3.0))
    assert price_of(prices, cells, cell) == Cost(3.0)
    prices.add(WorkKind("calibration_bank"), work(cells, cell), Cost(5.0))
    assert price_of(prices, cells, cell) == Cost(5.0)


def test_prune_deletes_banks_and_at_once_what_processes_of_this_machine_left(banked):
    calibrated(banked)
    folder = banked.store / "calibration_bank"
    left = [folder / f".tmp-{OVER}-1", folder / f".unfinished-0-1-{OVER}"]
    at_work = [folder / f".tmp-{processes.mark(os.getpid())}-1", folder / ".unfinished-0-1-elsewhere.1.1"]
    for path in (*left, *at_work):
        path.mkdir()
        (path / "voxels").write_bytes(bytes(10**6))
    assert prune(banked) == "3 folders deleted, 2 MB freed"
    assert sorted(folder.iterdir()) == sorted(at_work)


def held(study):
    return {stage: study.artefacts().keys(stage) for stage in ("bank", "images")}


def written(study):
    """Checksums of the images."""
    artefacts = study.artefacts()
    return [artefacts.record("images", key)["files"] for key in artefacts.keys("images")]


def begun(study, owner):
    """The heartbeats of a call on the same results, whose process has a mark."""
    beats = folder(plan.with_work(study))
    beats.mkdir(parents=True)
    (beats / OWNER).write_text(owner)
    shutil.copyfile(study.save(), beats / "plan.json")
    return beats


def test_nothing_is_left_of_caches_but_what_they_cost(computed):
    before, costs = held(computed), list(Writer(computed).done())
    assert all(before.values())
    caches.drop(computed)
    assert not any(held(computed).values())
    assert [(cell.key, record["cost"]) for cell, record in Writer(computed).done()] == [
        (cell.key, record["cost"]) for cell, record in costs
    ]
    run = UnitRun(computed, computed.units[0])
    cell = run.cells.cell(IMAGES, computed.units[0])
    prices = read(computed.artefacts(), computed.scores())
    assert prices.price(WorkKind.of(run.cells, cell), work(run.cells, cell)).seconds > 0
    assert not plan.with_work(computed).pending, "a cache that is gone is nothing that a study misses"


def test_what_needs_a_dropped_cache_makes_it_again_with_the_same_bytes(computed):
    before = written(computed)
    caches.drop(computed)
    UnitRun(computed, computed.units[0]).value(IMAGES)
    assert written(computed) == before
    caches.drop(computed)
    assert not any(held(computed).values())


def test_a_call_at_work_keeps_the_caches_that_its_study_has(computed, planned):
    mine = begun(computed, processes.mark(os.getpid()))
    caches.drop(computed)
    assert all(held(computed).values())
    (mine / OWNER).write_text(OVER)
    caches.drop(computed)
    assert not any(held(computed).values()), "whose call was killed"


def test_a_plan_that_cannot_be_read_may_need_any_cache(computed):
    (begun(computed, processes.mark(os.getpid())) / "plan.json").write_text("{")
    caches.drop(computed)
    assert all(held(computed).values())


def test_another_study_at_work_keeps_its_own_alone(computed, planned):
    begun(
        planned(*(line for line in LINES if line != "seed.data=0"), "name=other", "seed.data=1"),
        processes.mark(os.getpid()),
    )
    caches.drop(computed)
    assert not any(held(computed).values())


def test_caches_go_with_the_last_unit_that_reads_them(planned):
    seeds = ["seed.data=0,1", "seed.model=0,1"]
    study = plan.with_work(planned(*(line for line in LINES if not line.startswith("seed.")), *seeds))
    first, second, other = (study.unit(f"stocked-{study.units[0].network}-{of}") for of in ("d0-m0", "d0-m1", "d1-m0"))
    for unit, left in ((first, 1), (second, 0), (other, 1)):
        UnitRun(study, unit).run(study.pending[unit.id])
        Heart.of(study, unit.id).finish()
        caches.release(study, unit.id)
        assert {stage: len(keys) for stage, keys in held(study).items()} == {"bank": left, "images": left}, unit.id


def test_a_reader_that_meets_a_missing_file_makes_the_folder_again(computed, monkeypatch):
    run, before = UnitRun(computed, computed.units[0]), written(computed)
    stored = UnitRun._stored

    def dropped_meanwhile(self, cell):
        if cell.stage == "images":
            monkeypatch.setattr(UnitRun, "_stored", stored)
            caches.drop(computed)
            raise FileNotFoundError("train.npy")
        return stored(self, cell)

    monkeypatch.setattr(UnitRun, "_stored", dropped_meanwhile)
    run.value(IMAGES)
    assert written(computed) == before
