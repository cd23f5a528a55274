import errno
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.contracts import BadInput
from bench.names import slug
from bench.store.artefacts import Artefacts, Damaged
from bench.store.files import Unwritable, sentence_if_unwritable

KEY = "0123456789abcdef"


@pytest.fixture
def store(tmp_path):
    return Artefacts(tmp_path / "store")


def put(store, text="hello", key=KEY, name="a thing", **more):
    return store.put("maps", name, key, lambda f: (f / "x.txt").write_text(text), {"made": 1}, **more)


def test_what_is_put_is_found_by_its_key(store):
    folder = put(store)
    assert folder.name == f"a-thing-{KEY}"
    assert (store.read("maps", KEY) / "x.txt").read_text() == "hello"
    assert store.record("maps", KEY)["made"] == 1
    assert Artefacts(store.root).find("maps", KEY) == folder
    assert store.find("maps", "f" * 16) is None
    with pytest.raises(KeyError):
        store.read("maps", "f" * 16)


def test_what_two_processes_called_by_two_names_goes_at_once(store):
    put(store, name="mine"), put(Artefacts(store.root), name="yours"), put(store, key="f" * 16)
    store.remove("maps", KEY)
    assert [folder.name for folder in (store.root / "maps").iterdir()] == [f"a-thing-{'f' * 16}"]


def aged(folder, seconds):
    then = time.time() - seconds
    os.utime(folder, (then, then))


def test_what_another_process_adds_is_found_and_an_unchanged_stage_is_listed_once(store, monkeypatch):
    put(store)
    aged(store.root / "maps", 60)
    reader, listed = Artefacts(store.root), []
    scan = Artefacts._listed
    monkeypatch.setattr(Artefacts, "_listed", lambda self, stage: listed.append(stage) or scan(self, stage))
    assert [reader.find("maps", other * 16) for other in "abcdef"] == [None] * 6 and listed == ["maps"]
    put(store, key="a" * 16)
    assert reader.find("maps", "a" * 16) is not None
    # what was changed just now may change again within the same tick of the clock
    found = len(listed)
    assert reader.find("maps", "b" * 16) is None and len(listed) == found + 1


def test_one_is_found_without_a_look_into_the_others(store, monkeypatch):
    folders = [put(store, key=other * 16) for other in "abcdef"]
    looked, exists = [], Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: looked.append(path.parent) or exists(path))
    assert Artefacts(store.root).find("maps", "c" * 16) == folders[2]
    assert {*looked} & {*folders} == {folders[2]}


def test_of_folders_with_one_key_the_one_with_a_record_is_found(store):
    folder = put(store)
    for name in ("a", "z"):
        (folder.parent / f"{name}-{KEY}").mkdir()
    assert Artefacts(store.root).find("maps", KEY) == folder
    assert Artefacts(store.root).keys("maps") == {KEY: folder}


def test_what_another_process_takes_away_is_gone(store):
    folder = put(store)
    aged(store.root / "maps", 60)
    reader = Artefacts(store.root)
    assert reader.find("maps", KEY) == folder
    Artefacts(store.root).remove("maps", KEY)
    assert reader.find("maps", KEY) is None


def test_the_first_writer_stays_unless_told_otherwise(store):
    put(store)
    put(store, "late")
    assert (store.read("maps", KEY) / "x.txt").read_text() == "hello"
    put(store, "new", replace=True)
    assert (store.read("maps", KEY) / "x.txt").read_text() == "new"
    assert len(list((store.root / "maps").iterdir())) == 1


def test_racing_writers_leave_one_whole_artefact(store):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: put(Artefacts(store.root), f"writer {i}" * 1000), range(16)))
    assert (store.read("maps", KEY) / "x.txt").read_text().startswith("writer")
    assert [p.name for p in (store.root / "maps").iterdir()] == [f"a-thing-{KEY}"]


@pytest.mark.parametrize("harm", ["change", "delete", "record", "seal"])
def test_a_damaged_artefact_is_said_and_removed(store, harm):
    path = put(store) / "x.txt"
    if harm == "change":
        path.write_text("hellO")
    elif harm == "delete":
        path.unlink()
    elif harm == "seal":
        record = path.parent / "record.json"
        record.write_text(json.dumps({k: v for k, v in json.loads(record.read_text()).items() if k != "seal"}))
    else:
        (path.parent / "record.json").write_text("{")
    with pytest.raises(Damaged, match=r"a-thing-0123456789abcdef.*computed again"):
        store.read("maps", KEY)
    assert store.find("maps", KEY) is None


def test_verify_names_every_damaged_artefact(store):
    put(store)
    (put(store, key="f" * 16) / "x.txt").write_text("harm")
    assert len(list(store.verify())) == 1
    assert list(store.verify()) == []
    assert store.find("maps", KEY) is not None


def test_an_interrupted_write_leaves_nothing(store):
    def write(folder):
        (folder / "x.txt").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put("maps", "a", KEY, write, {})
    assert list((store.root / "maps").iterdir()) == []


def test_a_folder_without_a_record_is_no_artefact(store):
    (store.root / "maps" / f"half-{KEY}").mkdir(parents=True)
    assert store.find("maps", KEY) is None


def test_a_full_disk_is_one_sentence(store):
    def write(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(BadInput, match=r"the disk is full while writing .*same command"):
        store.put("maps", "a", KEY, write, {})
    assert list((store.root / "maps").iterdir()) == []


def test_a_full_disk_is_known_by_the_words_of_a_library_that_gives_no_errno(tmp_path):
    words = f"Error while serializing: I/O error: No space left on device (os error {errno.ENOSPC})"
    with pytest.raises(Unwritable, match="the disk is full"), sentence_if_unwritable(tmp_path / "maps.safetensors"):
        raise RuntimeError(words)
    with pytest.raises(RuntimeError, match="os error 5"), sentence_if_unwritable(tmp_path / "maps.safetensors"):
        raise RuntimeError("something else (os error 5)")


def test_records_hold_plain_values_only(store):
    put(store)
    record = json.loads((store.find("maps", KEY) / "record.json").read_text())
    assert record["files"].keys() == {"x.txt"} and record["key"] == KEY and record["stage"] == "maps"


def test_names_are_safe_for_files_and_hydra():
    assert slug("a/b c=[1,2]") == "a-b-c-1-2"
    assert slug("../..") == "..-.."
    assert slug("") == "x"
