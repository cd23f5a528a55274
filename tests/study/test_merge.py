"""Parts of a study from several machines: merged they are the study of one, and what contradicts is refused."""

import shutil

import pandas as pd
import pytest

from bench.contracts import BadInput
from bench.plan import plan
from bench.store.merge import Merge
from bench.verbs import computing, merging
from bench.verbs.command import Command

LINES = ("seed.data=0,1,2", "seed.model=0", "method=[random,gradient]", "metric=[calibrated_ap,retraining_stability]")


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Results folders of the first and second part of a study, and of the whole."""
    from fakes import CONF

    folders = {}
    for part in ("1/2", "2/2", ""):
        folders[part] = tmp_path_factory.mktemp("results")
        lines = ["study=fake", "trusted=[fakes]", f"paths.results={folders[part]}", *LINES, f"part='{part}'"]
        computing.compute(plan.study(lines, [CONF])[0], [])
    return folders


@pytest.fixture
def first(stores, tmp_path):
    """A copy of the first part that a test may change."""
    shutil.copytree(stores["1/2"], tmp_path / "results", dirs_exist_ok=True)
    return tmp_path / "results"


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tables(study):
    computing.write_tables(study)
    scores = pd.read_parquet(study.folder / "scores", partitioning=None)
    models = pd.read_csv(study.folder / "models.csv")
    return scores, models


def test_units_are_in_one_part_each_and_comparisons_in_none(planned):
    whole = plan.with_work(planned(*LINES)).pending
    parts = [plan.with_work(planned(*LINES, f"part={k}/2")).pending for k in (1, 2)]
    units = {name for name in whole if not name.endswith("compare")}
    assert {*parts[0]} | {*parts[1]} == units and not {*parts[0]} & {*parts[1]} and len(units) < len(whole)
    assert [len(part) for part in parts] == [2, 1]


def test_a_part_writes_no_table_and_says_what_to_do(planned, capsys, monkeypatch):
    study = planned(*LINES, "part=3/3")
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    assert computing.run(Command()) == 0
    assert f"part 3/3 of {study.name} is in" in capsys.readouterr().out
    assert not (study.folder / "study.json").exists() and not (study.folder / "models.csv").exists()


def test_parts_that_are_merged_are_the_study_of_one(stores, first, planned, capsys, monkeypatch):
    study = planned(*LINES, results=first)
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    assert merging.merge(Command(words=[str(stores["2/2"])])) == 0
    assert "brought into" in capsys.readouterr().out
    left = plan.with_work(study).pending
    assert left and all(name.endswith("compare") for name in left), "no unit is computed again"
    computing.compute(study, [])
    for merged, alone in zip(tables(study), tables(planned(*LINES, results=stores[""])), strict=True):
        pd.testing.assert_frame_equal(merged, alone, check_exact=True)
    assert Merge(study.store, stores["2/2"] / "store").run() == (0, 0), "a second time there is nothing to bring"


def test_two_results_of_one_cell_are_refused_by_name_and_nothing_is_written(stores, first, planned):
    shutil.copytree(stores["1/2"], first.parent / "other")
    study = planned(*LINES, results=first.parent / "other")
    artefacts = study.artefacts()
    key, folder = next(iter(artefacts.keys("train").items()))
    name, record = folder.name.rpartition("-")[0], artefacts.record("train", key)
    artefacts.put("train", name, key, lambda to: (to / "w").write_text("another"), record, replace=True)
    shutil.rmtree(next((first / "store" / "attribute").iterdir()))
    before = files_of(first)
    with pytest.raises(BadInput, match=f"train {folder.name} was computed .* with different results"):
        Merge(first / "store", study.store).run()
    assert files_of(first) == before


def test_two_scores_of_one_cell_are_refused(stores, first, planned):
    shutil.copytree(stores["1/2"], first.parent / "other")
    scores = planned(*LINES, results=first.parent / "other").scores()
    cell = next(iter(scores.cells()))
    rows, records = scores.read(cell)
    scores.drop(cell, list(records))
    scores.add(scores.cells()[cell].name[:-17], cell, rows.assign(value=rows["value"] + 1), records)
    with pytest.raises(BadInput, match=r"scores .* was computed .* with different results"):
        Merge(first / "store", first.parent / "other" / "store").run()


@pytest.mark.parametrize("pattern", ["train/*/*.safetensors", "scores/*/*.parquet"])
def test_a_damaged_file_is_named_and_left_where_it_lies(stores, first, pattern):
    shutil.copytree(stores["2/2"], first.parent / "other")
    path = next((first.parent / "other" / "store").glob(pattern))
    path.write_bytes(path.read_bytes()[:-1])
    before = files_of(first.parent)
    with pytest.raises(BadInput, match=f"{path.name} is not what was written: nothing is merged"):
        Merge(first / "store", first.parent / "other" / "store").run()
    assert files_of(first.parent) == before


def test_a_store_of_another_schema_and_the_own_one_are_refused(stores, first, planned, monkeypatch):
    (first / "store" / "schema.json").write_text('{"schema": 99}')
    with pytest.raises(BadInput, match="schema 99"):
        Merge(stores["2/2"] / "store", first / "store")
    study = planned(*LINES, results=stores["2/2"])
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    before = files_of(stores["2/2"])
    with pytest.raises(BadInput, match="is the results folder itself"):
        merging.merge(Command(words=[str(stores["1/2"]), str(stores["2/2"])]))
    assert files_of(stores["2/2"]) == before, "all folders are looked at before one is brought in"


def test_a_store_of_another_plan_is_refused_and_nothing_is_written(stores, planned, monkeypatch):
    study = planned("seed.data=7", *LINES[1:])
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    with pytest.raises(BadInput, match=f"holds no model and no score of {study.name}; give the words of the call"):
        merging.merge(Command(words=[str(stores["1/2"])]))
    assert not study.store.exists()
