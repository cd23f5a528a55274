"""What a method asks of the simulator it gets, and what becomes of one that asks for what is not there."""

from fakes import CONF

from bench.contracts import Status
from bench.plan import plan
from bench.plan.cells import Cells
from bench.plan.states import survey
from bench.stages.attribute import ATTRIBUTE
from bench.store.failures import FAILURES
from bench.verbs import computing


def test_redraws_reach_a_method_and_a_missing_truth_is_no_failure(tmp_path):
    lines = ["method=[redraw_occlusion,template_prior]", "metric=[calibrated_ap]", "method.redraw_occlusion.draws=1"]
    seeds = ["seed.data=0", "seed.model=0", f"paths.results={tmp_path}"]
    study, launch = plan.study(["study=fake", *lines, *seeds], [CONF])
    computing.compute(study, launch)
    states = {c.method: state for c, state in survey(study)[study.units[0].id].values() if c.stage == "attribute"}
    assert states == {"redraw_occlusion": "done", "template_prior": "unsupported"}
    prior = Cells(study).cell(ATTRIBUTE, study.units[0], "template_prior")
    told = study.artefacts().record(FAILURES, prior.key)
    assert told["status"] == Status.unsupported and told["reason"].startswith("there is no truth association: ")
    assert computing.say_failures(study) == 0
