"""A store of which half is gone, and files dated in the future."""

import os
import random
import shutil

import pytest

from bench.store import schema

pytestmark = pytest.mark.fault("tables")

FUTURE = 4e9


@pytest.mark.full
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_half_deleted_store_is_filled_again(copied, outcome, seed):
    chance = random.Random(seed)
    folders = sorted(p for p in copied.store.glob("*/*") if p.is_dir())
    for folder in chance.sample(folders, len(folders) // 4):
        shutil.rmtree(folder)
    # a store that no longer says in which schema it was written is refused, because it might be misread
    files = sorted(p for p in copied.results.rglob("*") if p.is_file() and p.name != schema.MARK)
    for path in chance.sample(files, len(files) // 3):
        path.unlink()
    code, _ = copied.run()
    outcome("half-deleted store", f"random files and folders, seed {seed}", {"exit": 0}, {"exit": code}, copied)


@pytest.mark.full
def test_records_gone_from_their_folders(copied, outcome):
    for record in copied.store.glob("*/*/record.json"):
        record.unlink()
    code, _ = copied.run()
    outcome("half-deleted store", "every record", {"exit": 0}, {"exit": code}, copied)


@pytest.mark.full
def test_files_of_the_future_are_as_good_as_any(copied, outcome):
    shutil.rmtree(copied.store / "scores")
    for path in copied.results.rglob("*"):
        os.utime(path, (FUTURE, FUTURE))
    kept = copied.records()
    code, _ = copied.run()
    again = sum(copied.records()[k] != run for k, run in kept.items())
    outcome(
        "clock going backwards",
        "stored files are dated in the future",
        {"exit": 0, "made again": 0},
        {"exit": code, "made again": again},
        copied,
    )
