"""A new stage is one new file: seen, priced, made, stored, resumed and shown, without a line of ours that names it."""

import importlib
import json
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

import bench.stages
from bench.cli import main
from bench.contracts import BadInput
from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.plan.cells import Cells, stages
from bench.plan.estimate import estimate
from bench.plan.states import survey
from bench.stages.cohort import COHORT
from bench.stages.stage import Given
from bench.stages.train import TRAIN
from bench.verbs import computing

FAKES = Path(__file__).parents[1] / "study"
CONF = FAKES / "fakes" / "conf"
FILE = '''
"""Stage toy_of_a_test: the mean of each explained subject's image."""

from safetensors.torch import load_file, save_file

from bench.passes.counting import Passes
from bench.stages.cohort import COHORT
from bench.stages.stage import Cell, Stage


class Toy(Stage):
    name = "toy_of_a_test"
    version = "1"
    network = False

    def cell(self, graph, unit, method, metric):
        cohort = graph.cell(COHORT, unit)
        source = self.code(graph, "simulators", unit.simulator)
        return Cell(self, unit.simulator, {"cohort": cohort.key}, unit, (cohort,), source)

    def make(self, given):
        return given.value(COHORT).images.flatten(1).mean(1), Passes()

    def write(self, folder, value):
        save_file({"mean": value}, folder / "mean.safetensors")

    def read(self, folder, study, cell):
        return load_file(folder / "mean.safetensors")["mean"]


TOY = Toy()
'''


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    monkeypatch.syspath_prepend(str(FAKES))


@pytest.fixture
def add(tmp_path, monkeypatch):
    """add(name, text) -> the module `bench.stages.<name>`, gone after the test."""
    folder, names = tmp_path / "more stages", []
    folder.mkdir()
    monkeypatch.setattr(bench.stages, "__path__", [*bench.stages.__path__, str(folder)])

    def module(name, text):
        (folder / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        names.append(name)
        return importlib.import_module(f"bench.stages.{name}")

    yield module
    for name in names:
        sys.modules.pop(f"bench.stages.{name}", None)
        vars(bench.stages).pop(name, None)


@pytest.fixture
def lines(tmp_path):
    chosen = ["method=[random]", "metric=[calibrated_ap]", "seed.data=0", "seed.model=0"]
    return ["study=fake", "trusted=[fakes]", f"paths.results={tmp_path / 'results'}", *chosen]


def planned(lines):
    return plan.study(lines, [CONF])[0]


def keys(lines):
    """{key: stage} of every cell of a study."""
    study = planned(lines)
    return {cell.key: cell.stage for unit in study.everything for cell in Cells(study).of(unit)}


def compute(lines):
    work = plan.with_work(planned(lines))
    for unit in work.units:
        UnitRun(work, unit).run(work.pending.get(unit.id, ()))
    return work


def test_a_stage_in_a_file_of_its_own_is_part_of_every_study(add, lines, capsys, monkeypatch):
    before = keys(lines)
    stage = add("toy_of_a_test", FILE).TOY
    after = keys(lines)
    assert after.items() > before.items(), "the keys of all other cells stay"
    (key,) = [key for key, name in after.items() if name == "toy_of_a_test"]

    # planned, at a price that nobody knows yet
    assert main(["plan", *lines, "--config-dir", str(CONF)]) == 0
    (row,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("toy_of_a_test")]
    assert row == ["toy_of_a_test", "0", "1", "0", "0", "0", "0", "-"]

    # made and stored
    study = compute(lines)
    assert study.artefacts().keys("toy_of_a_test").keys() == {key}
    run = UnitRun(study, study.units[0])
    assert torch.equal(run.value(stage), run.value(COHORT).images.flatten(1).mean(1))

    # resumed: nothing is left to do, and what is stored is read
    monkeypatch.setattr(type(stage), "make", lambda self, given: pytest.fail("it is stored"))
    assert compute(lines).pending == {}
    again = UnitRun(study, study.units[0])
    assert torch.equal(again.value(stage), run.value(stage))

    # priced, from what the first took
    other = [*lines, "simulator.side=2"]
    work = plan.with_work(planned(other))
    assert "toy_of_a_test" in [
        cell.stage for cell, state in survey(work)[work.units[0].id].values() if state == "missing"
    ]
    expected = estimate(work, survey(work))
    assert not expected.unknown and expected.stages["toy_of_a_test"].seconds > 0

    # shown, with the command that makes it alone, and in the tables
    assert main(["show", key, *lines, "--config-dir", str(CONF)]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["title"], record["work"]) == ("toy_of_a_test", 16 * 8**3)
    assert f"paths.results=results/reproduced/{key}" in record["reproduce"]
    computing.write_tables(study)
    for table in ("costs", "provenance"):
        assert "toy_of_a_test" in pd.read_parquet(study.folder / f"{table}.parquet")["stage"].tolist()


def test_without_its_file_all_is_as_it_was(add, lines, monkeypatch):
    before = keys(lines)
    add("toy_of_a_test", FILE)
    compute(lines)
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(FAKES))
    assert "toy_of_a_test" not in stages() and keys(lines) == before
    assert plan.with_work(planned(lines)).pending == {}


def test_a_stage_that_reads_what_its_key_does_not_hold_is_told_so(lines):
    study = planned(lines)
    cells = Cells(study)
    cohort, model = (cells.cell(stage, study.units[0]) for stage in (COHORT, TRAIN))
    given = Given(cells, cohort, lambda cell: cell.key, lambda share: None, lambda key, make: make())
    assert given.of(cohort.needs[0]) == cohort.needs[0].key and given.of(model.caches[0]) == model.caches[0].key
    with pytest.raises(LookupError, match="simulate asks for train, which is not among its needs: name it there"):
        given.value(TRAIN)


def test_two_stages_of_one_name_are_refused(add):
    add("toy_of_a_test", FILE.replace('"toy_of_a_test"', '"train"'))
    with pytest.raises(BadInput, match=r"bench\.stages\.toy_of_a_test and bench\.stages\.train: two stages are called"):
        stages()
