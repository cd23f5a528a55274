"""What a method asks of the simulator it gets, and what becomes of one that asks for what is not there."""

from fakes import CONF

from bench.contracts import Status
from bench.plan import plan
from bench.plan.cells import Cells
from bench.plan.states import StoredCells, survey
from bench.stages.attribute import ATTRIBUTE
from bench.store.failures import FAILURES
from bench.tables.writer import Writer
from bench.verbs import computing


def test_the_redraw_mean_reaches_a_method_that_is_shown_as_an_oracle(tmp_path):
    """Its maps rest on the redraws of `use`, so their key does; those from zero do not."""

    def planned(draws):
        lines = ["method=[integrated_gradients,integrated_gradients_redraw]", "metric=[calibrated_ap]", "seed.data=0"]
        few = [
            "method.integrated_gradients.steps=2",
            "method.integrated_gradients.baseline=zero",
            "method.integrated_gradients_redraw.steps=2",
        ]
        more = ["seed.model=0", f"paths.results={tmp_path}", f"use.draws={draws}"]
        return plan.study(["study=fake", "trusted=[fakes]", *lines, *few, *more], [CONF])

    study, launch = planned(4)
    computing.compute(study, launch)
    unit, cells = study.units[0], Cells(study)
    found = {name: cells.cell(ATTRIBUTE, unit, name) for name in study.methods}
    maps = {name: StoredCells.of(study).value(cell) for name, cell in found.items()}
    zero, redraw = study.methods
    assert maps[zero].baseline is None
    assert maps[redraw].baseline.shape == maps[zero].map.shape
    rows = [Writer(study).method(name) for name in study.methods]
    assert [(row["role"], row["reference_class"], row["truth"]) for row in rows] == [
        ("method", "zero", ""),
        ("oracle", "redraw", ""),
    ]
    others = Cells(planned(6)[0])
    moved = {name: others.cell(ATTRIBUTE, unit, name).key != cell.key for name, cell in found.items()}
    assert moved == {zero: False, redraw: True}


def test_redraws_reach_a_method_and_a_missing_truth_is_no_failure(tmp_path):
    lines = ["method=[redraw_occlusion,template_prior]", "metric=[calibrated_ap]", "method.redraw_occlusion.draws=1"]
    seeds = ["seed.data=0", "seed.model=0", f"paths.results={tmp_path}"]
    study, launch = plan.study(["study=fake", "trusted=[fakes]", *lines, *seeds], [CONF])
    computing.compute(study, launch)
    states = {c.method: state for c, state in survey(study)[study.units[0].id].values() if c.stage == "attribute"}
    assert states == {"redraw_occlusion-draws-1": "done", "template_prior": "unsupported"}
    prior = Cells(study).cell(ATTRIBUTE, study.units[0], "template_prior")
    told = study.artefacts().record(FAILURES, prior.key)
    assert told["status"] == Status.unsupported and told["reason"].startswith("there is no truth association: ")
    assert computing.say_failures(study) == 0
