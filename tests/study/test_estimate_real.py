"""The estimate of the second study of a machine against what that study then takes."""

import pytest

from bench.plan.cells import stages
from bench.plan.estimate import estimate
from bench.plan.plan import with_work
from bench.plan.states import survey
from bench.store import dropped
from bench.verbs import computing

LINES = ["seed.model=0", "method=[random,gradient]", "metric=[calibrated_ap,infidelity_redraw]"]


def seconds(study, keys):
    """What the cells took, by stage, and what was drawn for them, as the plan counts it."""
    artefacts, scores = study.artefacts(), study.scores()
    found = {}
    cells = {c.key: c for states in survey(study).values() for c, _ in states.values() if c.key in keys}
    drawn = {cache.key: cache for cell in cells.values() for cache in cell.caches}
    for cell in (cells | drawn).values():
        stored = scores.known(cell.folder).get(cell.key) if cell.folder else artefacts.known(cell.stage, cell.key)
        found[cell.stage] = (
            found.get(cell.stage, 0.0) + (stored or dropped.read(artefacts, cell.key))["cost"]["seconds"]
        )
    return found


@pytest.mark.full
def test_every_stage_of_a_plan_has_a_price_after_its_first_study(planned):
    first = planned(*LINES, "seed.data=0")
    computing.compute(first, [])
    second = planned(*LINES, "seed.data=1", "train.subjects=32")
    expected = estimate(with_work(second), survey(second))
    assert (
        not expected.unknown
        and not expected.caches
        and expected.cells == sum(map(len, with_work(second).pending.values()))
    )
    assert expected.stages.keys() <= stages().keys()
    made = planned(*LINES, "seed.data=1")
    passes = estimate(with_work(made), survey(made)).stages["truths"].forward
    artefacts = first.artefacts()
    took = [artefacts.record("truths", key)["cost"]["forward"] for key in artefacts.keys("truths")]
    assert passes == pytest.approx(sum(took)), "passes do not depend on how busy the machine is"


@pytest.mark.full
def test_another_seed_takes_what_the_plan_says_within_a_factor_of_two(planned):
    first, second = planned(*LINES, "seed.data=0,1"), planned(*LINES, "seed.data=2,3,4")
    computing.compute(first, [])
    work = with_work(second)
    expected = sum(cost.seconds for cost in estimate(work, survey(second)).stages.values())
    computing.compute(second, [])
    took = sum(seconds(second, {k for keys in work.pending.values() for k in keys}).values())
    assert 0.5 < took / expected < 2
