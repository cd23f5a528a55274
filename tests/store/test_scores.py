import pandas as pd
import pytest

from bench.columns.written import SHARD
from bench.store.scores import Scores

CELL = "0123456789abcdef"


def rows(key, value=1.0, subjects=3):
    filled = {"subject": range(subjects), "value": value, "status": "ok", "metric": f"metric {key}"}
    return pd.DataFrame(filled).assign(metric_key=key, **dict.fromkeys(("stratum", "view", "truth", "reason"), ""))


@pytest.fixture
def scores(tmp_path):
    made = Scores(tmp_path)
    for key in ("k1", "k2", "k3"):
        made.add("unit-method", CELL, rows(key), {key: {"cost": {"seconds": 1}}})
    return made


def again(scores):
    return Scores(scores.root)


def test_shards_merge_by_metric_key(scores):
    found, records = again(scores).read(CELL)
    assert list(found.columns) == SHARD.names
    assert found["metric_key"].value_counts().to_dict() == {"k1": 3, "k2": 3, "k3": 3}
    assert records.keys() == again(scores).known(CELL).keys() == {"k1", "k2", "k3"}


def test_two_writers_of_one_metric_count_once(scores):
    again(scores).add("unit-method", CELL, rows("k1"), {"k1": {"cost": {"seconds": 2}}})
    found, _ = again(scores).read(CELL)
    assert (found["metric_key"] == "k1").sum() == 3


def test_compaction_keeps_every_row(scores):
    before = again(scores).read(CELL)[0].sort_values(["metric_key", "subject"], ignore_index=True)
    again(scores).compact(CELL)
    assert len(list(scores.root.glob("*/*.parquet"))) == 1
    after = again(scores).read(CELL)[0].sort_values(["metric_key", "subject"], ignore_index=True)
    pd.testing.assert_frame_equal(before, after)


def test_a_damaged_shard_is_dropped_and_only_its_metrics_are_missing(scores, caplog):
    harmed = sorted(scores.root.glob("*/*.parquet"))[0]
    harmed.write_bytes(harmed.read_bytes()[:-1] + b"x")
    assert len(again(scores).known(CELL)) == 2
    assert "damaged" in caplog.text and not harmed.exists()


def test_verify_reads_every_byte(scores):
    harmed = sorted(scores.root.glob("*/*.parquet"))[0]
    harmed.write_bytes(b"")
    assert len(list(again(scores).verify())) == 1 and list(again(scores).verify()) == []


def test_dropped_metrics_are_gone_and_others_stay(scores):
    again(scores).drop(CELL, ["k2"])
    assert again(scores).known(CELL).keys() == {"k1", "k3"}
    again(scores).drop(CELL, ["k1", "k3"])
    assert again(scores).known(CELL) == {}


def test_missing_values_come_back_as_nan(scores):
    scores.add("unit-method", CELL, rows("k4", float("nan")), {"k4": {}})
    found, _ = again(scores).read(CELL)
    assert found[found["metric_key"] == "k4"]["value"].isna().all()


def test_rows_of_a_model_keep_its_seeds_beside_rows_that_need_none(scores):
    scores.add("unit-method", CELL, rows("k4").assign(data_seed=2, model_seed=[0, 1, 2]), {"k4": {}})
    again(scores).compact(CELL)
    found = again(scores).read(CELL)[0].set_index("metric_key")[["data_seed", "model_seed"]]
    assert found.loc["k4"].values.tolist() == [[2, 0], [2, 1], [2, 2]] and found.drop("k4").isna().all(axis=None)


def test_an_unknown_cell_is_empty(scores):
    found, records = scores.read("f" * 16)
    assert len(found) == 0 and records == {} and list(found.columns) == SHARD.names
