"""What is in the store and is not what was written there: never read, never a traceback."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.columns.written import SHARD
from bench.store import failures
from bench.store.artefacts import Artefacts, Damaged
from bench.store.keys import key as key_of
from bench.store.scores import META, Scores, _digest

pytestmark = pytest.mark.fault("store")

ONE, TWO = "0123456789abcdef", "f" * 16


@pytest.fixture
def store(tmp_path):
    made = Artefacts(tmp_path / "store")
    for name, key in (("one", ONE), ("two", TWO)):
        made.put("maps", name, key, lambda f, text=name: (f / "x.txt").write_text(text), {"made": 1})
    return made


def exchange(one, two):
    aside = one.with_name("aside")
    one.rename(aside)
    two.rename(one)
    aside.rename(two)


def reseal(folder, **changes):
    """A record as somebody would forge it who does not know the seal."""
    path = folder / "record.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def unseal(folder):
    record = json.loads((folder / "record.json").read_text())
    kept = {k: v for k, v in record.items() if k not in ("seal", "files")}
    (folder / "record.json").write_text(json.dumps(kept))


def write(text):
    return lambda folder: (folder / "record.json").write_text(text)


def folder_for_record(folder):
    (folder / "record.json").unlink()
    (folder / "record.json").mkdir()


def dangling(folder):
    shutil.rmtree(folder)
    folder.symlink_to(folder.with_name("nowhere"))


def loop(folder):
    shutil.rmtree(folder)
    folder.symlink_to(folder)


def plain_file(folder):
    shutil.rmtree(folder)
    folder.write_text("a file")


def link_to_other(folder):
    shutil.rmtree(folder)
    folder.symlink_to(folder.with_name(f"two-{TWO}"))


def pipe(folder):
    (folder / "record.json").unlink()
    os.mkfifo(folder / "record.json")


HARMS = {
    "no seal": unseal,
    "an empty object": write("{}"),
    "another key": lambda f: reseal(f, key=TWO),
    "a list": write("[]"),
    "null": write("null"),
    "a string": write('"text"'),
    "a number": write("7"),
    "an endless number": write("1" * 5000),
    "not a number": write('{"seal": NaN}'),
    "deep lists": write("[" * 10**5),
    "deep objects": write('{"a":' * 900 + "1" + "}" * 900),
    "no text": lambda f: (f / "record.json").write_bytes(b"\xff\xfe\x00"),
    "nothing": write(""),
    "a folder": folder_for_record,
    "a pipe": pipe,
    "an artefact that links to nothing": dangling,
    "an artefact that links to itself": loop,
    "an artefact that is a file": plain_file,
    "an artefact that links to another": link_to_other,
    "a file of it that is a folder": lambda f: ((f / "x.txt").unlink(), (f / "x.txt").mkdir()),
    "a file of it that links to itself": lambda f: ((f / "x.txt").unlink(), (f / "x.txt").symlink_to("x.txt")),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_no_artefact_is_damaged_for_verify_and_made_again(store, harm):
    HARMS[harm](store.root / "maps" / f"one-{ONE}")
    looked = Artefacts(store.root)
    with pytest.raises((Damaged, KeyError)):
        looked.read("maps", ONE)
    HARMS[harm](again(store))
    assert len(list(Artefacts(store.root).verify())) == 1
    again(store)
    assert names(store)


def again(store):
    """The artefact written once more, whatever has its place; what the second writer leaves answers for its key."""
    folder = Artefacts(store.root).put("maps", "one", ONE, lambda f: (f / "x.txt").write_text("one"), {"made": 1})
    reader = Artefacts(store.root)
    try:
        assert (reader.read("maps", ONE) / "x.txt").read_text() == "one"
    except Damaged:  # a file below a good record, which only reading finds
        return again(store)
    return folder


def names(store):
    return sorted(p.name for p in (store.root / "maps").iterdir()) == [f"one-{ONE}", f"two-{TWO}"]


def test_artefacts_that_exchange_their_folders_are_damaged(store):
    exchange(*(store.root / "maps" / name for name in (f"one-{ONE}", f"two-{TWO}")))
    assert [store.known("maps", key) for key in (ONE, TWO)] == [None, None]
    assert list((store.root / "maps").iterdir()) == []


@pytest.mark.parametrize("to", [f"maps/other-{ONE}", f"maps/one-{'a' * 16}", f"others/one-{ONE}"])
def test_an_artefact_under_another_name_key_or_stage_is_damaged(store, to):
    store.put("others", "three", "3" * 16, lambda f: (f / "x.txt").write_text("three"), {"made": 1})
    (store.root / "maps" / f"one-{ONE}").rename(store.root / to)
    found = list(Artefacts(store.root).verify())
    assert len(found) == 1 and to.split("/")[1] in found[0]
    assert list(Artefacts(store.root).keys("maps")) == [TWO] and list(Artefacts(store.root).verify()) == []


def test_a_record_of_before_names_were_sealed_is_good(store):
    path = store.root / "maps" / f"one-{ONE}" / "record.json"
    record = {k: v for k, v in json.loads(path.read_text()).items() if k not in ("name", "seal")}
    path.write_text(json.dumps({**record, "seal": key_of(record)}))
    assert list(Artefacts(store.root).verify()) == []
    assert Artefacts(store.root).read("maps", ONE)


@pytest.mark.parametrize("put", [lambda p: p.write_text("x"), lambda p: p.symlink_to(p), lambda p: p.symlink_to("no")])
def test_a_stage_that_is_no_folder_is_empty_and_makes_way(tmp_path, put):
    store = Artefacts(tmp_path)
    put(tmp_path / failures.FAILURES)
    assert store.keys(failures.FAILURES) == {} and list(store.verify()) == [] and list(store.foreign()) == []
    store.put(failures.FAILURES, "a", ONE, lambda f: None, {})
    assert store.known(failures.FAILURES, ONE)


def test_foreign_things_are_left_out_with_a_word(store):
    for name in ("notes.txt", "one (copy)", f"one-{ONE} (conflicted copy)"):
        (store.root / "maps" / name).mkdir()
    (store.root / "maps" / ".DS_Store").write_text("")
    assert len(list(store.foreign())) == 3 and list(store.verify()) == []
    assert store.keys("maps").keys() == {ONE, TWO}


def rows(key):
    filled = {"subject": range(3), "value": 1.0, "status": "ok", "metric": "m", "metric_key": key}
    return pd.DataFrame(filled).assign(**dict.fromkeys(("stratum", "view", "truth", "reason"), ""))


@pytest.fixture
def scores(tmp_path):
    made = Scores(tmp_path / "scores")
    made.add("unit", ONE, rows("k1"), {"k1": {}})
    return made


def shard(folder, table):
    """A table under the right name for its bytes."""
    pq.write_table(table, folder / "new.parquet")
    name = _digest((folder / "new.parquet").read_bytes())
    (folder / "new.parquet").rename(folder / f"{name}.parquet")


def of(frame, meta=b"{}"):
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata({META: meta})


def lawful(meta):
    table = pa.Table.from_pandas(rows("k2").reindex(columns=SHARD.names), SHARD.schema, preserve_index=False)
    return table.replace_schema_metadata({META: meta})


def named_right(folder, data):
    (folder / f"{_digest(data)}.parquet").write_bytes(data)


HALF = "half a shard of the right name"
STRAYS = {
    "garbage of the right name": lambda f: named_right(f, b"garbage"),
    HALF: lambda f: named_right(f, next(f.glob("*.parquet")).read_bytes()[40:]),
    "a table without keys": lambda f: shard(f, of(rows("k").drop(columns="metric_key"))),
    "whole numbers for keys": lambda f: shard(f, of(rows("k").assign(metric_key=np.arange(3)))),
    "another table": lambda f: shard(f, of(pd.DataFrame({"x": [1]}))),
    "no records": lambda f: shard(f, lawful(b"[]")),
    "records that are none": lambda f: shard(f, lawful(b'{"k2": 1}')),
    "records nested deeply": lambda f: shard(f, lawful(b"[" * 10**5)),
    "a conflicted copy": lambda f: shutil.copy(next(f.glob("*.parquet")), f / "part (conflicted copy).parquet"),
    "a folder": lambda f: (f / "x.parquet").mkdir(),
    "a link to nothing": lambda f: (f / "x.parquet").symlink_to("nowhere"),
    "a link to itself": lambda f: (f / "x.parquet").symlink_to("x.parquet"),
    "a pipe": lambda f: os.mkfifo(f / "x.parquet"),
}


@pytest.mark.parametrize("stray", STRAYS)
def test_what_is_no_shard_is_said_and_removed(scores, stray, caplog):
    folder = next(scores.root.iterdir())
    # what a shard says of itself is read without its rows
    looks = [lambda s: s.known(ONE)] * (stray != HALF) + [lambda s: s.read(ONE)[0], lambda s: list(s.verify())]
    for look in looks:
        STRAYS[stray](folder)
        found = look(Scores(scores.root))
        assert len(list(folder.iterdir())) == 1
        assert len(found) == 1 or set(found["metric_key"]) == {"k1"}
    assert caplog.text.count("damaged file") == len(looks) - 1


@pytest.mark.parametrize("put", [lambda p: p.write_text("x"), lambda p: p.symlink_to(p), lambda p: p.symlink_to("no")])
def test_what_is_no_folder_of_scores_makes_way(scores, tmp_path, put):
    put(scores.root / f"unit-{TWO}")
    (scores.root / "notes").mkdir()
    looked = Scores(scores.root)
    assert looked.known(TWO) == {} and len(looked.read(TWO)[0]) == 0 and list(looked.verify()) == []
    looked.add("unit", TWO, rows("k2"), {"k2": {}})
    assert Scores(scores.root).known(TWO) == {"k2": {}} and len(list(looked.foreign())) == 1
    shutil.rmtree(scores.root)
    put(scores.root)
    assert Scores(scores.root).cells() == {}
    Scores(scores.root).add("unit", ONE, rows("k1"), {"k1": {}})
    assert Scores(scores.root).known(ONE) == {"k1": {}}


@pytest.mark.parametrize("make", [shutil.copytree, lambda stage, copy: copy.symlink_to(stage.name)])
def test_a_copy_of_a_stage_is_left_as_it_is(store, make):
    copy = store.root / "maps_backup"
    make(store.root / "maps", copy)
    before = {path: path.read_bytes() for path in sorted(store.root.rglob("*")) if path.is_file()}
    assert store.stages() == ["maps"]
    assert list(store.verify()) == []
    assert list(store.foreign()) == [f"{copy} is nothing of ours: left out"]
    assert {path: path.read_bytes() for path in sorted(store.root.rglob("*")) if path.is_file()} == before


def test_a_stage_without_a_whole_record_is_still_one(store):
    for key in (ONE, TWO):
        unseal(store.find("maps", key))
    assert store.stages() == ["maps"]
    assert len(list(store.verify())) == 2
