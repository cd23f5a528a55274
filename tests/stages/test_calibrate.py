"""Stage calibrate: an interrupted search goes on from what it found, and its subjects are in a bank."""

from pathlib import Path

import pytest

from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.plan.cells import Cells
from bench.stages.calibrate import CALIBRATE
from bench.stages.stage import Stage

FAKES = Path(__file__).parents[1] / "study"


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(FAKES))
    lines = ["study=fake", "simulator=stocked", "trusted=[fakes]", f"paths.results={tmp_path}"]
    return plan.with_work(plan.study(lines, [FAKES / "fakes" / "conf"])[0])


@pytest.fixture
def search(study, monkeypatch):
    """search(stops): what the next calibrations know and read; each adds an amplitude, and is interrupted if told."""
    stocked = type(study.make("simulators", "stocked"))

    def replaced(stops):
        known = []

        def in_steps(self, reached, progress):
            known.append((dict(reached), sorted(p.name for p in Path(self.bank).glob("*.npy"))))
            reached[0.5 + len(reached)] = 0.75
            progress(0.5)
            if stops:
                raise KeyboardInterrupt
            return self.calibrate()

        monkeypatch.setattr(stocked, "calibrate_in_steps", in_steps, raising=False)
        return known

    monkeypatch.setattr(stocked, "calibration_streams", {"calibration": 6}, raising=False)
    return replaced


def test_a_calibration_goes_on_from_what_a_killed_one_found(study, search):
    unit = study.units[0]
    known = search(stops=True)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            UnitRun(study, unit).value(CALIBRATE)
    assert known == [({}, ["calibration.npy"]), ({0.5: 0.75}, ["calibration.npy"])]
    shares = []
    known = search(stops=False)
    UnitRun(study, unit, lambda at, cell, share: shares.append(share)).value(CALIBRATE)
    assert known == [({0.5: 0.75, 1.5: 0.75}, ["calibration.npy"])]
    assert 0.5 in shares
    assert not list((study.store / "calibrate").glob(".*")), "what has served is gone"


def test_what_other_code_found_and_drew_is_not_gone_on_from(study, search, monkeypatch):
    known, begun = search(stops=True), set()
    for simulators in "ab":
        # the stage's own code is the same
        monkeypatch.setattr(Stage, "code", lambda self, *_, simulators=simulators: 64 * "0" + 64 * simulators)
        cell = Cells(study).cell(CALIBRATE, study.units[0])
        begun |= {cell.begun, cell.caches[0].begun}
        with pytest.raises(KeyboardInterrupt):
            UnitRun(study, study.units[0]).value(CALIBRATE)
    assert [numbers for numbers, _ in known] == [{}, {}]
    assert len(begun) == 4


def test_a_calibration_goes_on_from_the_subjects_that_a_killed_one_drew(study, search, monkeypatch):
    stocked = type(study.make("simulators", "stocked"))
    met, told, fill = [], [], stocked.fill_bank

    def interrupted(self, counts, folder, progress):
        met.append(sorted(path.name for path in folder.iterdir()))
        (folder / "half").touch()
        progress(0.5)
        raise KeyboardInterrupt

    def whole(self, counts, folder, progress):
        met.append(sorted(path.name for path in folder.iterdir()))
        (folder / "half").unlink()
        fill(self, counts, folder, progress)

    search(stops=False)
    for filling in (interrupted, interrupted):
        monkeypatch.setattr(stocked, "fill_bank", filling)
        with pytest.raises(KeyboardInterrupt):
            UnitRun(study, study.units[0], lambda at, cell, share: told.append((cell.title, share))).value(CALIBRATE)
    assert told == [("calibration_bank", 0.5)] * 2, "the stage at work is named"
    monkeypatch.setattr(stocked, "fill_bank", whole)
    UnitRun(study, study.units[0]).value(CALIBRATE)
    assert met == [[], ["half"], ["half"]]
    (bank,) = (study.store / "calibration_bank").iterdir()
    assert sorted(path.name for path in bank.iterdir()) == ["calibration.npy", "record.json"]


def test_simulators_of_one_anatomy_share_the_bank(study, search):
    search(stops=False)
    cells = Cells(study)
    assert [cache.stage for cache in cells.cell(CALIBRATE, study.units[0]).caches] == ["calibration_bank"]
    assert len({cells.cell(CALIBRATE, unit).caches[0].key for unit in study.units}) == 1
