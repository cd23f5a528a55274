"""A planned study as an object: what it builds once, and what of it is written."""

import json

from bench.study import Study


def test_a_plug_in_is_built_once_and_is_no_part_of_the_plan(planned):
    study = planned("method=[random,gradient]", "metric=[calibrated_ap]")
    assert study.make("methods", "random") is study.make("methods", "random") is not study.make("methods", "gradient")
    path = study.save()
    assert Study.load(path) == study and json.loads(path.read_text()).keys() == Study.__dataclass_fields__.keys()
