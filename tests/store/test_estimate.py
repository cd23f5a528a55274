"""What a plan is said to cost: arithmetic on made-up records, and a real study against its own estimate."""

from dataclasses import replace

import pytest

from bench.plan import estimate as estimating
from bench.plan.prices import Cost, Prices, WorkKind, read
from bench.store.artefacts import Artefacts
from bench.store.scores import Scores

TRAIN = WorkKind("train", "a")


@pytest.fixture
def prices():
    made = Prices()
    made.add(TRAIN, 1000, Cost(10, 100, 50))
    made.add(TRAIN, 1000, Cost(20, 100, 50))
    made.add(TRAIN, 8000, Cost(40, 800, 400))
    made.add(WorkKind("attribute", "a", "occlusion"), 100, Cost(5, 60, 0))
    return made


def test_the_price_of_known_work_is_the_mean_of_what_it_took(prices):
    assert prices.price(TRAIN, 1000) == Cost(15, 100, 50)
    assert prices.price(TRAIN, 8000) == Cost(40, 800, 400)


def test_other_work_is_scaled_from_the_nearest(prices):
    assert prices.price(TRAIN, 2000) == Cost(30, 200, 100)
    assert prices.price(TRAIN, 16000) == Cost(80, 1600, 800)
    assert prices.price(TRAIN, 500) == Cost(7.5, 50, 25)


def test_another_network_or_method_is_priced_by_its_stage_and_nothing_else(prices):
    assert prices.price(WorkKind("train", "b"), 8000) == Cost(40, 800, 400)
    assert prices.price(WorkKind("attribute", "b", "occlusion"), 200) == Cost(10, 120, 0)
    assert prices.price(WorkKind("attribute", "a", "gradient"), 100) == Cost(5, 60, 0)
    assert prices.price(WorkKind("measure", "a", "occlusion", "x"), 100) is None


def test_a_price_is_read_from_the_fields_of_a_record_and_one_without_them_has_none(tmp_path):
    store, cost = Artefacts(tmp_path), {"seconds": 10, "forward": 100, "backward": 50, "peak_mb": 1}
    kind = {"stage": "attribute", "network": "a", "method": "a method in words", "metric": ""}
    store.put("attribute", "priced", "0" * 16, lambda folder: None, {**kind, "work": 1000.0, "cost": cost})
    store.put("attribute", "older", "1" * 16, lambda folder: None, {"title": "attribute gradient", "cost": cost})
    prices = read(store, Scores(tmp_path / "scores"))
    assert prices.known[WorkKind(**kind)] == prices.known[WorkKind("attribute")] == [(1000, Cost(10, 100, 50))]


@pytest.mark.parametrize(("workers", "seconds"), [(1, 100 + 9), (2, 50 + 9), (3, 40 + 9), (9, 40 + 9)])
def test_units_go_to_the_first_free_worker_and_comparisons_follow(workers, seconds):
    made = estimating.CostEstimate(units=[40, 30, 20, 10], groups=[9])
    assert made.wall(workers) == seconds


def test_the_sentence_tells_time_workers_passes_and_disk():
    made = estimating.CostEstimate({"train": Cost(300, 20, 10)}, [150, 150], [0], cells=4, unknown=1, megabytes=2.4)
    assert made.sentence(2) == (
        "4 cells to compute, about 5 min of one core, 2 min on 2 workers (and 1 cells of kinds that were never timed); "
        "about 20 forward and 10 backward passes; 2 MB of maps"
    )
    assert made.seconds("train") == "300" and made.seconds("measure") == "-"
    assert "workers" not in replace(made, cells=0).sentence(1)
