"""What each `rerun` policy computes, and what `store verify` and `store prune` do, on a study of one unit."""

import json
import os
import shutil
import time

import pytest
from fakes import CONF

from bench.cli import main
from bench.contracts import Status
from bench.launch.unit import UnitRun, fail
from bench.plan import plan
from bench.plan.cells import Cells
from bench.plan.stale import stale_sentence
from bench.plan.states import survey

LINES = ["study=fake", "trusted=[fakes]", "seed.data=0", "seed.model=0", "metric=[calibrated_ap]"]
BOTH = "method=[random,gradient]"
DAYS_AGO = time.time() - 2 * 86_400


def planned(results, *lines):
    return plan.study([*LINES, f"paths.results={results}", *lines], [CONF])[0]


def cells(study):
    return {key: pair for states in survey(study).values() for key, pair in states.items()}


def pending(study):
    """(stage, method) of what a study would compute."""
    known = cells(study)
    found = {k for keys in plan.with_work(study).pending.values() for k in keys}
    return sorted((known[k][0].stage, known[k][0].method) for k in found)


def compute(study):
    work = plan.with_work(study)
    for unit in study.units:
        UnitRun(work, unit).run(work.pending.get(unit.id, ()))
    work.save()
    return work.run


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    study = planned(tmp_path_factory.mktemp("results"), BOTH)
    compute(study)
    return study


@pytest.fixture
def results(computed, tmp_path):
    return shutil.copytree(computed.results, tmp_path / "results")


def test_missing_computes_what_is_not_there_and_leaves_the_rest(results):
    assert pending(planned(results, BOTH)) == []
    study = planned(results, BOTH)
    maps = next(c for c, _ in cells(study).values() if (c.stage, c.method) == ("attribute", "gradient"))
    study.artefacts().remove("attribute", maps.key)
    assert pending(study) == [("attribute", "gradient")]
    compute(study)
    assert pending(study) == []


def test_failed_is_tried_again_only_when_asked(results):
    study = planned(results, BOTH)
    maps = next(c for c, _ in cells(study).values() if (c.stage, c.method) == ("attribute", "gradient"))
    study.artefacts().remove("attribute", maps.key)
    fail(study, maps, Status.failed, "a test")
    assert pending(planned(results, BOTH)) == []
    assert pending(planned(results, BOTH, "rerun=failed")) == [("attribute", "gradient")]
    compute(planned(results, BOTH, "rerun=failed"))
    assert cells(study)[maps.key][1] == "done"
    assert pending(planned(results, BOTH, "rerun=failed")) == []


def test_stale_is_said_and_made_again_only_when_asked(results, monkeypatch):
    of = Cells.source
    monkeypatch.setattr(
        Cells, "source", lambda self, group, label: "changed" if label == "gradient" else of(self, group, label)
    )
    study = planned(results, BOTH)
    assert {(c.stage, c.method) for c, s in cells(study).values() if s == "stale"} == {("attribute", "gradient")}
    assert pending(study) == []
    assert stale_sentence(study, survey(study)).startswith("stale cells: 1 by methods/gradients.py; ")
    again = planned(results, BOTH, "rerun=stale")
    assert pending(again) == [("attribute", "gradient")]
    compute(again)
    assert {s for _, s in cells(study).values()} == {"done"}
    assert stale_sentence(study, survey(study)) == ""


def test_all_makes_every_cell_anew(results):
    study = planned(results, BOTH, "rerun=all")
    assert len(pending(study)) == len(cells(study))
    run = compute(study)
    artefacts, scores = study.artefacts(), study.scores()
    for cell, _ in cells(study).values():
        record = scores.known(cell.folder)[cell.key] if cell.folder else artefacts.record(cell.stage, cell.key)
        assert record["run"] == run, cell.title


def test_selectors_narrow_a_study_to_one_cell(tmp_path):
    study = planned(tmp_path, BOTH)
    one = planned(tmp_path, "method=[gradient]")
    measured = [c for c, _ in cells(one).values() if c.stage == "measure"]
    assert len(measured) == 1 and measured[0].key in cells(study)


def command(verb, results, *lines):
    return main(["store", verb, *LINES, f"paths.results={results}", *lines, "--config-dir", str(CONF)])


def test_verify_names_what_is_damaged_once(results, capsys):
    assert command("verify", results, BOTH) == 0
    assert "as it was written" in capsys.readouterr().out
    harmed = next((results / "store" / "train").glob("*/*.safetensors"))
    harmed.write_bytes(harmed.read_bytes()[:-1])
    shard = next((results / "store" / "scores").glob("*/*.parquet"))
    shard.write_bytes(b"")
    assert command("verify", results, BOTH) == 1
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 and any(harmed.name in s for s in said) and any(shard.name in s for s in said)
    assert command("verify", results, BOTH) == 0


def test_prune_keeps_what_any_plan_needs_and_nothing_else(results, capsys):
    assert command("prune", results, "method=[random]") == 0
    assert pending(planned(results, BOTH)) == [], "the plan of the wider study stands, so its maps do"
    next(results.glob("fake-method*/plan.json")).unlink()
    assert command("prune", results, "method=[random]") == 0
    assert pending(planned(results, "method=[random]")) == []
    assert pending(planned(results, BOTH)) == [("attribute", "gradient"), ("measure", "gradient")]
    capsys.readouterr()
    assert command("prune", results, "method=[random]") == 0
    assert capsys.readouterr().out.startswith("0 folders deleted")


def test_prune_deletes_what_a_killed_run_left_a_day_ago(results, capsys):
    scores = next((results / "store" / "scores").iterdir())
    left = [results / "store" / "train" / ".tmp-x-1", scores / ".tmp-x-2", results / "fake" / "progress" / "killed"]
    for folder in left:
        (folder / "inner").mkdir(parents=True)
    (results / "fake" / ".tmp-x-3").write_text("a table")
    (results / "store" / "calibrate" / ".unfinished-x.json").write_text("{}")
    left += [results / "fake" / ".tmp-x-3", results / "store" / "calibrate" / ".unfinished-x.json"]
    assert command("prune", results, BOTH) == 0
    assert all(path.exists() for path in left), "a run that goes on may own them"
    for path in results.rglob("*"):
        os.utime(path, (DAYS_AGO, DAYS_AGO))
    capsys.readouterr()
    assert command("prune", results, BOTH) == 0
    assert not any(path.exists() for path in left)
    assert capsys.readouterr().out.startswith("5 folders deleted")
    assert pending(planned(results, BOTH)) == [], "what a plan needs stays, however old"


def test_prune_refuses_to_guess_what_an_unreadable_plan_needs(results, capsys):
    (results / "other").mkdir()
    (results / "other" / "plan.json").write_text(json.dumps({"name": "other"}))
    before = set((results / "store").rglob("*"))
    assert command("prune", results, "method=[random]") == 2
    assert "other/plan.json cannot be read" in capsys.readouterr().err
    assert set((results / "store").rglob("*")) == before
