"""Tables of parts that were published apart: merged they are those of one study, and what contradicts is refused."""

import json
import shutil

import pandas as pd
import pytest

from bench.contracts import BadInput
from bench.plan import plan
from bench.store import ledger
from bench.tables.joining import KNOWN_BY, SCORES
from bench.tables.merge import MergedTables, StudyPart
from bench.verbs import computing, merging
from bench.verbs.command import Command

LINES = (
    "seed.data=1,0",
    "seed.model=0",
    "method=[random,gradient]",
    "metric=[calibrated_ap,retraining_stability]",
    "simulator=stocked,box",
)
#: what tells when and for how long, beside what was computed
TIMES = ("seconds", "peak_mb", "date", "machine")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Tables of a study, and of its two parts by simulator."""
    from fakes import CONF

    made = {}
    for simulator in ("stocked,box", "stocked", "box"):
        results = tmp_path_factory.mktemp("results")
        lines = ["study=fake", "trusted=[fakes]", f"paths.results={results}", *LINES[:-1], f"simulator={simulator}"]
        study = plan.study([*lines, "name=apart"], [CONF])[0]
        computing.compute(study, [])
        computing.write_tables(study)
        made[simulator] = study.folder
    return made


@pytest.fixture
def parts(folders, tmp_path):
    """Copies of both parts that a test may change."""
    return [shutil.copytree(folders[name], tmp_path / name) for name in ("stocked", "box")]


def timeless(table):
    return table.drop(columns=[name for name in TIMES if name in table])


def test_the_tables_of_parts_are_those_of_the_whole(folders):
    merged, whole = (
        MergedTables([StudyPart(folders["stocked"]), StudyPart(folders["box"])]),
        StudyPart(folders["stocked,box"]),
    )
    for name in [name for name in KNOWN_BY if name != SCORES]:
        ours, theirs = (timeless(table) for table in (merged.table(name), whole.table(name)))
        if name in ("costs.parquet", "provenance.parquet", "regions.parquet"):
            # these stand in the order of work
            ours, theirs = (t.sort_values([*t.columns], ignore_index=True) for t in (ours, theirs))
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True, check_dtype=False, obj=name)
    scores = dict(merged.scores())
    assert scores.keys() == whole.partitions.keys() and len(scores) == 2
    for place, rows in scores.items():
        pd.testing.assert_frame_equal(rows, whole.partitions[place], check_exact=True)
    grown = {key: merged.about[key] for key in ("axes", "data_seeds", "model_seeds", "simulators", "networks", "heads")}
    assert grown == {key: whole.about[key] for key in grown}
    assert [call["name"] for call in merged.about["parts"]] == ["apart", "apart"]


def test_the_verb_writes_tables_and_page_and_no_path(parts, planned, capsys, monkeypatch):
    study = planned("name=both")
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    assert merging.merge(Command(words=[*map(str, parts)])) == 0
    assert {"index.html", "leaderboard.csv", "models.csv", "panels.npz"} <= {p.name for p in study.folder.iterdir()}
    about = json.loads((study.folder / "study.json").read_text())
    assert about["name"] == "both" and about["command"] == "python -m bench merge stocked box name=both"
    with pytest.raises(BadInput, match="holds tables; give what is merged another name"):
        merging.merge(Command(words=[*map(str, parts)]))


def test_one_part_twice_is_that_part(parts):
    once, twice = MergedTables([StudyPart(parts[0])]), MergedTables([StudyPart(parts[0]), StudyPart(parts[0])])
    assert all(once.table(name).equals(twice.table(name)) for name in KNOWN_BY if name != SCORES)
    assert all(a[1].equals(b[1]) for a, b in zip(once.scores(), twice.scores(), strict=True))


def another_commit(folder):
    about = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**about, "git_sha": "another"}))


def another_version(folder):
    table = pd.read_csv(folder / "methods.csv", dtype=str, keep_default_na=False)
    table.assign(version="99").to_csv(folder / "methods.csv", index=False)


@pytest.mark.parametrize(
    ("change", "says"),
    [(another_commit, "git_sha of study.json"), (another_version, "the row 'random' of methods.csv")],
)
def test_parts_that_contradict_each_other_are_refused_before_anything_is_written(parts, change, says, tmp_path):
    change(parts[1])
    with pytest.raises(BadInput, match=f"{says} is not the same in .*stocked and .*box"):
        MergedTables([*map(StudyPart, parts)]).write(tmp_path / "merged", "")
    assert not (tmp_path / "merged").exists()


def another_schema(folder):
    about = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**about, "schema": 9}))


def test_tables_that_are_all_of_another_schema_are_refused(parts, planned, monkeypatch):
    study = planned("name=both")
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    for part in parts:
        another_schema(part)
    with pytest.raises(BadInput, match="holds tables of schema 9, this version of the code has 1"):
        merging.merge(Command(words=[*map(str, parts)]))
    assert not study.folder.exists()


def test_a_table_that_was_changed_since_it_was_written_is_refused(parts, planned, monkeypatch):
    study = planned("name=both")
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    ledger.write(parts[1])
    another_version(parts[1])
    with pytest.raises(BadInput, match=r"box.methods\.csv is not what was written; write it anew"):
        merging.merge(Command(words=[*map(str, parts)]))


def test_another_value_of_the_same_score_is_refused(parts):
    same = shutil.copytree(parts[0], parts[0].parent / "again")
    path = next((same / "scores").rglob("*.parquet"))
    rows = pd.read_parquet(path, partitioning=None)
    rows.assign(value=rows["value"] + 1).to_parquet(path, index=False)
    with pytest.raises(BadInput, match="of scores/simulator=stocked/network=linear is not the same in"):
        dict(MergedTables([StudyPart(parts[0]), StudyPart(same)]).scores())


def test_folders_with_and_without_tables_are_no_parts_of_anything(parts, planned, monkeypatch, tmp_path):
    study = planned("name=both")
    monkeypatch.setattr(Command, "study", lambda self: (study, []))
    with pytest.raises(BadInput, match=r"holds tables of a study and .* none"):
        merging.merge(Command(words=[str(parts[0]), str(tmp_path)]))
