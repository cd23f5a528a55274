"""A planned study as an object: what it builds once, and what of it is written."""

import json

import pytest

from bench.study import Study


def test_a_plug_in_is_built_once_and_is_no_part_of_the_plan(planned):
    study = planned("method=[random,gradient]", "metric=[calibrated_ap]")
    assert study.make("methods", "random") is study.make("methods", "random") is not study.make("methods", "gradient")
    path = study.save()
    assert Study.load(path) == study and json.loads(path.read_text()).keys() == Study.__dataclass_fields__.keys()


@pytest.mark.parametrize(("seeds", "block"), [("0", 4), ("0,1", 2), ("0,1,2,3,4", 1)])
def test_units_in_a_row_draw_other_subjects_and_all_networks_read_them_before_the_next_are_drawn(planned, seeds, block):
    """A block is of so many simulators that a network meets four times other subjects, or more, one after the other."""
    asked = "simulator.side=4,5,6,7"
    units = planned("simulator=stocked", asked, "network=linear,conv5_fc3", f"seed.data={seeds}", "seed.model=0").units
    size = block * len(seeds.split(","))
    rows = [units[start : start + size] for start in range(0, len(units), size)]
    drawn = [{(unit.simulator, unit.data_seed) for unit in row} for row in rows]
    assert [len(row) for row in drawn] == [size] * (8 // block)
    assert drawn[::2] == drawn[1::2]
    assert [{unit.network for unit in row} for row in rows] == [{"linear"}, {"conv5_fc3"}] * (4 // block)
