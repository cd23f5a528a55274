"""The order in which units start: what one makes for many is not made by its neighbour at the same time."""

from collections import Counter
from itertools import pairwise

import pytest

from bench.launch.turns import in_turns
from bench.plan import plan
from bench.study import Unit
from bench.verbs import computing


def units(simulators, networks, seeds):
    """Units as a plan of one simulator after the other has them."""
    return [Unit(s, n, d, 0) for s in simulators for n in networks for d in range(seeds)]


@pytest.mark.parametrize("study", ["standard", "quick"])
def test_neighbours_share_neither_simulator_nor_data_seed(study):
    planned = plan.study([f"study={study}"])[0].units
    pairs = list(pairwise(in_turns(planned)))
    apart = [one.simulator != other.simulator and one.data_seed != other.data_seed for one, other in pairs]
    # the last simulator may be left without another
    assert sum(apart) > 0.8 * len(pairs) and all(apart[: len(apart) // 2])


@pytest.mark.parametrize(("simulators", "seeds"), [("a", 1), ("a", 3), ("abc", 1), ("abcd", 2), ("abcde", 5)])
def test_each_unit_starts_once_and_networks_meet_subjects_as_planned(simulators, seeds):
    planned = units(simulators, ["first", "second"], seeds)
    order = in_turns(planned)
    assert Counter(order) == Counter(planned)
    for simulator, seed in {(unit.simulator, unit.data_seed) for unit in planned}:
        meets = [unit.network for unit in order if (unit.simulator, unit.data_seed) == (simulator, seed)]
        assert meets == ["first", "second"]


def test_one_data_seed_leaves_other_simulators_side_by_side():
    order = in_turns(units("abcd", ["first", "second"], 1))
    assert all(one.simulator != other.simulator for one, other in pairwise(order))


def test_few_simulators_are_begun_and_not_done():
    """Each has its images on the disk."""
    order = [unit.simulator for unit in in_turns(units("abcdef", ["first", "second"], 5))]
    open_at = [set(order[: at + 1]) & set(order[at:]) for at in range(len(order))]
    assert max(map(len, open_at)) == 2


def test_they_are_launched_in_this_order_and_kept_in_that_of_the_plan(planned, monkeypatch):
    started = []
    monkeypatch.setattr(computing, "launch", lambda study, names, lines, title: started.append(names))
    study = planned("simulator=stocked", "simulator.side=4,5", "seed.data=0,1", "seed.model=0", "method=[random]")
    computing.compute(study, [])
    assert started[0] == [unit.id for unit in in_turns(study.units)] != [unit.id for unit in study.units]
