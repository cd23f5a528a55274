"""Places: what a user makes stays in the folder of its study, whose tables no other study replaces unasked."""

import json
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fakes import CONF

from bench.cli import main
from bench.contracts import BadInput
from bench.plan import place, plan
from bench.provenance import ROOT
from bench.study import PLAN, Study
from bench.tables import simulator_audits
from bench.verbs import publishing, reading
from bench.verify.carry import as_shipped, carry

SMALL = ("seed.data=0", "seed.model=0", "method=[random,gradient]", "metric=[calibrated_ap]", "name=small")


def call(verb, results, *lines):
    """The exit code of a verb on the fake study."""
    given = ["study=fake", "trusted=[fakes]", f"paths.results={results}", *lines, "--config-dir", str(CONF)]
    return main([verb, *given])


def dirty():
    return subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_no_verb_but_publish_writes_where_git_looks(tmp_path):
    before, results = dirty(), tmp_path / "results"
    for verb in ("plan", "run", "portrait", "export", "views", "tables", "leaderboard", "report"):
        assert call(verb, results, *SMALL) == 0, verb
    call("check", results, *SMALL, "simulator=box")
    assert dirty() == before
    assert {p.name for p in results.iterdir()} == {"store", "small"}
    assert {p.name for p in (results / "small").iterdir()} >= {"export", "portraits", "views"}
    written = [p for p in tmp_path.rglob("*") if p.is_file() and "store" not in p.parts]
    assert all(p.is_relative_to(results / "small") for p in written)


def test_audits_of_a_check_lie_in_the_folder_of_its_study(planned, monkeypatch):
    study = planned()
    calls = []
    monkeypatch.setattr(simulator_audits, "write", lambda rows, path: calls.append(path))
    call("check", study.results, "simulator=box")
    assert set(calls) <= {study.folder / "portraits" / "simulator_audits.csv"}


@pytest.fixture
def there(planned):
    """A study whose tables are there, as far as `place` looks."""
    study = planned("name=mine", "method=[random,gradient]")
    study.save()
    (study.folder / "study.json").write_text("{}")
    return study


OTHERS = {
    "method=[random]": "this one lacks its method gradient",
    "seed.data=0": "this one lacks its model box-linear-d1-m0",
    "metric=[calibrated_ap]": "this one lacks its metric region_spearman",
    "explain.subjects=20": "its explain is another",
    "train.epochs=7": "this one lacks its network linear",
    "simulator.side=2": "this one lacks its simulator box",
    "+budgets.box={epochs: 9}": "its box-linear-d0-m0 is trained otherwise",
    "+headline.anatomy.strata=[TP]": "its headline.anatomy is another",
}


#: lines of which others show the kind, asked in the full matrix
ALIKE = ("metric=[calibrated_ap]", "train.epochs=7", "simulator.side=2", "+headline.anatomy.strata=[TP]")


@pytest.mark.parametrize("line", [pytest.param(x, marks=pytest.mark.full) if x in ALIKE else x for x in OTHERS])
def test_a_part_or_another_study_of_the_name_is_refused_with_the_two_ways_out(there, planned, line, capsys):
    lines = ("name=mine", *(() if line.startswith("method") else ("method=[random,gradient]",)), line)
    plan_before = (there.folder / PLAN).read_bytes()
    assert call("run", there.results, *lines) == 2
    said = capsys.readouterr().err
    assert OTHERS[line] in said and "name=..." in said and "replace=true" in said and said.count("\n") == 1
    assert (there.folder / PLAN).read_bytes() == plan_before
    place.check(planned(*lines, "replace=true"))


def test_an_option_of_training_that_is_younger_than_the_tables_and_off_makes_no_other_study(there):
    """Tables from before there was `mixed_precision` go on as what they are."""
    before = json.loads((there.folder / PLAN).read_text())
    removed = [train.pop("mixed_precision") for train in before["trains"].values()]
    assert removed and not any(removed)
    (there.folder / PLAN).write_text(json.dumps(before))
    place.check(there)


OWN = ("views=[{sign: abs, fwhm_voxels: own}]", "headline.anatomy.view=abs+own")


@pytest.mark.parametrize(("lines", "told"), [((), []), (OWN, ["its gradient is smoothed otherwise"])])
def test_a_method_tuned_otherwise_is_another_study_where_a_view_asks_for_what_was_tuned(planned, lines, told):
    before, now = (planned("method=[gradient]", *lines, f"tuned.gradient.fwhm={width}") for width in (1, 2))
    assert list(place._lost(before, now)) == told


@pytest.mark.parametrize("verb", ["plan", "tables"])
def test_every_verb_that_computes_or_writes_refuses_it(there, verb):
    assert call(verb, there.results, "name=mine", "method=[random,gradient]", "seed.data=0") == 2


@pytest.mark.parametrize(
    "lines",
    [
        ("method=[random,gradient]",),
        ("method=[gradient,random,constant]", "seed.data=0,1,2", "rerun=failed", "timeout_s=50"),
        ("method=[random,gradient]", "+against.random=[gradient]", "bars=[random]"),
    ],
)
def test_the_same_study_and_one_that_has_grown_go_on(there, planned, lines):
    place.check(planned("name=mine", *lines))


def test_a_call_that_changes_a_study_has_a_folder_of_its_own_and_the_stored_cells(planned):
    whole, part = planned(), planned("method=[random]", "seed.data=0")
    assert whole.name == "fake" and part.name == "fake-method-random-seed.data-0"
    assert part.store == whole.store
    assert planned("seed.data=0", "method=[random]").name == part.name


def test_the_plan_of_other_code_is_no_reason_to_refuse(there):
    (there.folder / PLAN).write_text('{"name": "mine"}')
    place.check(replace(there, methods={}))


@pytest.mark.parametrize(
    "line", ["metric=[calibrated_ap]", "method=[random,gradient,constant]", "+headline.anatomy.strata=[TP]"]
)
def test_a_verb_that_reads_tables_says_that_they_are_not_of_the_words_typed(there, planned, line, capsys):
    (there.folder / "study.json").write_text('{"command": "python -m bench study=fake name=mine", "schema": 1}')
    lines = [line] if line.startswith("method") else ["method=[random,gradient]", line]
    reading.tables_of(there)
    assert capsys.readouterr().err == ""
    reading.tables_of(planned("name=mine", *lines))
    assert "are those of 'python -m bench study=fake name=mine'" in capsys.readouterr().err


def test_the_command_stands_in_the_plan_and_in_study_json(tmp_path):
    results = tmp_path / "results"
    assert call("run", results, *SMALL, "metric.calibrated_ap.q=0.8") == 0
    about = json.loads((results / "small" / "study.json").read_text())
    assert about["command"].startswith("python -m bench study=fake 'trusted=[fakes]'")
    assert str(results) not in about["command"], "a published table names no machine's folder"
    assert about["command"].endswith(f"metric.calibrated_ap.q=0.8 --config-dir {CONF}")
    assert "metric.calibrated_ap.q=0.8" in (results / "small" / "index.html").read_text()
    assert Study.load(results / "small" / PLAN).command[0] == "study=fake"
    assert about["headline"]["anatomy"]["metric"] == "calibrated_ap-q-0_8"
    assert set(pd.read_csv(results / "small" / "leaderboard.csv")["method"]) == {"random", "gradient"}
    scores = pd.read_parquet(results / "small" / "scores")
    assert set(scores["metric"]) == {"calibrated_ap-q-0_8"}
    # the same command, in other words, finds everything done
    assert call("run", results, *SMALL[::-1], "metric.calibrated_ap.q=0.8", "hydra/launcher=basic") == 0
    assert json.loads((results / "small" / "study.json").read_text()) == about


def shipped(*lines, results):
    return plan.study(["study=tiny", f"paths.results={results}", *lines])[0]


def test_publish_carries_what_is_as_shipped_and_nothing_of_the_users(tmp_path):
    both = shipped("simulator=mtl_atrophy,focal", results=tmp_path)
    changed = shipped("simulator=mtl_atrophy,focal", "simulator.separability=0.9", results=tmp_path)
    row = ("key", "twins", *np.full(3, 0.5), 9, 0.9, "passed")
    for study in (both, changed):
        (study.folder / "portraits").mkdir(parents=True)
        (study.folder / "realism").mkdir()
        for name in study.simulators:
            (study.folder / "portraits" / f"{name}.png").write_bytes(b"")
            (study.folder / "realism" / f"{name}.csv").write_bytes(b"")
            simulator_audits.write([simulator_audits.Audited(name, *row)], simulator_audits.place_of(study))
    assert as_shipped(both) == {"mtl_atrophy", "focal"} and as_shipped(changed) == set()
    assert list(carry(changed, tmp_path / "none")) == [] and not (tmp_path / "none").exists()
    copied = {str(path.relative_to(tmp_path / "out")) for path in carry(both, tmp_path / "out")}
    names = ("mtl_atrophy", "focal")
    assert copied == {"portraits/simulator_audits.csv", *(f"portraits/{n}.png" for n in names),
                      *(f"realism/{n}.csv" for n in names)}  # fmt: skip
    # a label alone is no proof: a file of the user's may set what a simulator is
    one = replace(both, simulators={**both.simulators, "focal": changed.simulators[next(reversed(changed.simulators))]})
    assert as_shipped(one) == {"mtl_atrophy"}


@pytest.mark.parametrize(("line", "carried"), [((), ["a.csv"]), (("simulator.anatomy.resolution_mm=5",), [])])
def test_realism_of_another_shipped_anatomy_is_carried_and_that_of_a_changed_one_is_not(tmp_path, line, carried):
    """Beside a shipped simulator, whose portrait on another anatomy is none of its own."""
    study = shipped("simulator/anatomy=mni152_4mm", *line, results=tmp_path)
    (study.folder / "realism").mkdir(parents=True)
    (study.folder / "realism" / "a.csv").write_bytes(b"")
    assert [path.name for path in carry(study, tmp_path / "out")] == carried


def test_heads_of_scans_are_not_published(tmp_path, monkeypatch):
    (tmp_path / "study.json").write_text(json.dumps({"heads": {"box": "template", "mine": "scans"}}))
    monkeypatch.setattr(publishing, "tables_of", lambda study: tmp_path)
    before = dirty()
    with pytest.raises(BadInput, match=r"shows heads of scans \(mine\).*nothing was published"):
        publishing._publish_tables(None)
    assert dirty() == before


def test_publish_without_tables_and_pieces_is_refused(planned):
    with pytest.raises(BadInput, match="holds no tables"):
        publishing._publish_tables(planned())
