"""The order of units: what one makes for many is not made by its neighbour at the same time."""

from itertools import pairwise

import pytest

from bench.plan import plan


@pytest.mark.parametrize("study", ["standard", "quick"])
def test_neighbours_share_neither_simulator_nor_data_seed(study):
    units = plan.study([f"study={study}"])[0].units
    neighbours = [(one, other) for one, other in pairwise(units) if one.network == other.network]
    paired = [(one, other) for one, other in neighbours if one.simulator != "subtypes"]  # the ninth has no neighbour
    assert all(one.simulator != other.simulator and one.data_seed != other.data_seed for one, other in paired)
    assert len(paired) > len(units) / 2


def test_each_unit_comes_once():
    study = plan.study(["study=standard"])[0]
    assert len({unit.id for unit in study.units}) == len(study.units)
    assert len(study.units) == len(study.settings["seed"]["data"]) * len(study.simulators) * len(study.networks)


def test_one_data_seed_leaves_other_simulators_side_by_side():
    units = plan.study(["study=quick", "seed.data=[0]"])[0].units
    assert all(one.simulator != other.simulator for one, other in pairwise(units))
