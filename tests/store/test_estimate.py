"""What a plan is said to cost: arithmetic on made-up records, and a real study against its own estimate."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from bench.plan import demand, published_prices, speed
from bench.plan import estimate as estimating
from bench.plan.prices import Cost, Prices, WorkKind, read
from bench.plan.speed import convolution_seconds
from bench.store.artefacts import Artefacts
from bench.store.scores import Scores

TRAIN = WorkKind("train", "a")
STAGES, LOST = (("train", ""), ("attribute", "occlusion")), ("attribute", "gone")


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


def test_what_was_never_timed_has_no_price_however_alike(prices):
    assert prices.price(WorkKind("train", "b"), 8000) is None
    assert prices.price(WorkKind("attribute", "b", "occlusion"), 200) is None
    assert prices.price(WorkKind("attribute", "a", "gradient"), 100) is None


def test_the_peak_of_a_kind_is_the_most_that_one_held(prices):
    kind = WorkKind("measure", "a", "occlusion", "x")
    assert prices.peak(kind) == 0
    for peak in (0.25, 0.5, 0.125):
        prices.add(kind, 100, Cost(1), peak)
    assert prices.peak(kind) == prices.peak(WorkKind("measure", metric="x")) == 0.5


def test_the_speed_of_a_machine_is_the_shortest_time_of_its_convolution(monkeypatch):
    clock = iter([0.0, 0.0, 1.0, 1.5, 2.0, 2.3, 9.0])
    monkeypatch.setattr(speed, "MEASURED_S", 2.5)
    monkeypatch.setattr(speed.time, "thread_time", lambda: next(clock))
    assert convolution_seconds() == pytest.approx(0.3)


def test_what_takes_no_part_decides_no_price(prices):
    """A metric of maps costs the same whatever made them, and a control whatever the network."""
    prices.add(WorkKind("measure", "a", "occlusion", "x"), 100, Cost(2))
    prices.add(WorkKind("measure", "b", "gradient", "x"), 100, Cost(4))
    assert prices.price(WorkKind("measure", metric="x"), 100) == Cost(3)
    assert prices.price(WorkKind("measure", "a", metric="x"), 100) == Cost(2)
    assert prices.price(WorkKind("attribute", method="occlusion"), 100) == Cost(5, 60, 0)


def test_prices_from_elsewhere_stand_in_for_kinds_that_were_not_computed_here(prices):
    here = Prices({WorkKind("train", "b"): [(10, Cost(1))]}, elsewhere=prices)
    assert here.price(WorkKind("train", "b"), 20) == Cost(2)
    assert here.price(TRAIN, 8000) == prices.price(TRAIN, 8000)
    assert here.price(WorkKind("redraw"), 1) is None


def test_what_is_without_a_price_is_named_by_the_part_that_nobody_timed(prices):
    here = Prices(elsewhere=prices)
    assert here.untimed(WorkKind("redraw"), "wide") == "stage redraw"
    assert here.untimed(WorkKind("attribute", "b", "occlusion"), "wide") == "network wide"
    assert here.untimed(WorkKind("attribute", "a", "gradient"), "wide") == "method gradient"
    assert here.untimed(WorkKind("train", "a", "occlusion"), "wide") == "train of occlusion on wide"


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Prices of three cells of two studies, on a machine half as fast as this one."""
    path, place = tmp_path / "prices.csv", dict.fromkeys(["simulator", "network", "data_seed", "model_seed"], "")
    monkeypatch.setattr(published_prices, "cost_place", lambda cell: ("", "", "", "", cell.stage, cell.method, ""))
    monkeypatch.setattr(published_prices, "terms", lambda cells, cell: {**cell.kind._asdict(), "work": cell.work})
    monkeypatch.setattr(published_prices, "convolution_seconds", lambda: 2.0)
    cells = [SimpleNamespace(stage=s, method=m, kind=WorkKind(s, "a", m), work=100.0, caches=()) for s, m in STAGES]
    monkeypatch.setattr(published_prices, "Cells", lambda study: SimpleNamespace(of=lambda unit: cells))
    cost = {"metric": "", "seconds": 8.0, "forward": 32, "backward": 0, "peak_mb": 1.0}
    costs = pd.DataFrame([{**place, "stage": stage, "method": method, **cost} for stage, method in (*STAGES, LOST)])
    for name, date, seconds in (("one", "2001", 1.0), ("other", "2003", 8.0), ("one", "2002", 2.0)):
        study = SimpleNamespace(name=name, everything=[None])
        published_prices.write(study, costs.assign(seconds=seconds), date, path)
    monkeypatch.setattr(published_prices, "convolution_seconds", lambda: 1.0)
    return path


def test_a_published_study_leaves_its_prices_in_cost_place_those_it_had(written):
    table = pd.read_csv(written)
    assert list(table["study"]) == ["one", "one", "other", "other"] and set(table["cells"]) == {1}
    assert list(table["seconds"]) == [2.0, 2.0, 8.0, 8.0]


def test_published_prices_are_those_of_this_machine(written):
    """Of studies that timed one kind the last counts; a cell that no longer exists has none."""
    prices = published_prices.read(written)
    assert prices.price(WorkKind("train", "a"), 100.0) == Cost(4.0, 32, 0)
    assert prices.price(WorkKind("attribute", "a", "occlusion"), 100.0) == Cost(4.0, 32, 0)
    assert prices.price(WorkKind("attribute", "a", LOST[1]), 100.0) is None
    assert not published_prices.read(written.with_name("none")).known
    assert prices.peak(WorkKind("train", "a")) == 1.0 and prices.peak(WorkKind("bank")) == 0.0


def test_prices_of_before_memory_was_kept_have_none(written):
    pd.read_csv(written).drop(columns="peak_mb").to_csv(written, index=False)
    prices = published_prices.read(written)
    assert prices.peak(WorkKind("train", "a")) == 0.0 and prices.price(WorkKind("train", "a"), 100.0)


def test_a_scheduler_is_asked_for_what_the_dearest_unit_takes_with_room_to_spare():
    cost = estimating.CostEstimate(units=[600.0, 3000.0], groups=[60.0], peak_mb=2000.0)
    asked = demand.demand_sentence(cost, {"timeout_min": 60})
    assert asked == (
        "the dearest unit takes about 50 min and 2.0 GB; with room to spare, ask for hydra.launcher.timeout_min=110 "
        "hydra.launcher.mem_gb=4"
    )
    assert "mem_gb" not in demand.demand_sentence(replace(cost, peak_mb=0.0), {"timeout_min": 60}), "nobody measured it"
    assert (
        demand.demand_sentence(cost, {"n_jobs": 2}) == ""
        and demand.demand_sentence(replace(cost, units=[], groups=[]), {}) == ""
    )


def test_memory_is_the_most_that_a_cell_of_the_kind_held_here_or_else_where_it_was_published(prices):
    here = Prices(elsewhere=prices)
    prices.add(TRAIN, 1000, Cost(1), 300.0)
    prices.add(TRAIN, 8000, Cost(1), 200.0)
    assert here.peak(TRAIN) == 300.0
    here.add(TRAIN, 8000, Cost(1), 250.0)
    assert here.peak(TRAIN) == 250.0


def test_the_machine_is_timed_by_what_it_computes_and_keeps_its_threads():
    threads = torch.get_num_threads()
    assert 0 < convolution_seconds() < 10 and torch.get_num_threads() == threads


def test_a_price_is_read_from_the_fields_of_a_record_and_one_without_them_has_none(tmp_path):
    store, cost = Artefacts(tmp_path), {"seconds": 10, "forward": 100, "backward": 50, "peak_mb": 1}
    kind = {"stage": "attribute", "network": "a", "method": "a method in words", "metric": ""}
    store.put("attribute", "priced", "0" * 16, lambda folder: None, {**kind, "work": 1000.0, "cost": cost})
    store.put("attribute", "older", "1" * 16, lambda folder: None, {"title": "attribute gradient", "cost": cost})
    prices = read(store, Scores(tmp_path / "scores"))
    assert prices.known[WorkKind(**kind)] == [(1000, Cost(10, 100, 50))]
    assert prices.peak(WorkKind(**kind)) == 1


@pytest.mark.parametrize(("workers", "seconds"), [(1, 100 + 9), (2, 50 + 9), (3, 40 + 9), (9, 40 + 9)])
def test_units_go_to_the_first_free_worker_and_comparisons_follow(workers, seconds):
    made = estimating.CostEstimate(units=[40, 30, 20, 10], groups=[9])
    assert made.wall(workers) == seconds


def test_the_sentences_tell_time_workers_passes_what_is_not_known_and_disk():
    made = estimating.CostEstimate(
        {"train": Cost(300, 20, 10)},
        [150, 150],
        [0],
        cells=40,
        unknown=Counter({"method mine": 3, "network wide": 9}),
        caches=Counter({"stage bank": 1}),
        disk={"maps": 2.4, "models": 0.0, "caches": 4400.0},
        reading={"bank": (0, 3, 400.0), "one": (0, 1, 2000.0), "two": (2, 3, 2000.0)},
    )
    assert made.sentence(2) == (
        "40 cells to compute, 28 of them about 5 min of one core, 2 min on 2 workers; "
        "about 20 forward and 10 backward passes"
    )
    assert made.unknown_sentence() == (
        "not counted, as nobody timed any: 9 of network wide, 3 of method mine, 1 of stage bank"
    )
    assert made.disk_sentence(1) == "disk: 2 MB of maps, 4.4 GB of caches, of them about 2.4 GB at once"
    assert made.disk_sentence(2) == "disk: 2 MB of maps, 4.4 GB of caches, of them about 4.4 GB at once"
    assert made.seconds("train") == "300" and made.seconds("measure") == "-"
    known = replace(made, cells=0, unknown=Counter(), caches=Counter(), disk={}, reading={})
    assert "workers" not in known.sentence(1) and known.unknown_sentence() == known.disk_sentence(1) == ""


def test_of_many_kinds_without_a_price_the_commonest_are_named():
    made = estimating.CostEstimate(unknown=Counter({f"method m{i}": i for i in range(1, 10)}))
    assert made.unknown_sentence().endswith("5 of method m5, 4 of method m4, 6 others")
