"""Persons who come again: visits that no study can explain or learn from are refused before anything is computed."""

from bench.config.build import resolve
from bench.contracts import BadInput, require_courses
from bench.stages.context import EVALUATION
from bench.study import Study, Unit
from bench.training.recipe import sizes


def check_persons(study: Study, label: str) -> None:
    """Refuse explained visits of a simulator that are no whole courses of persons; raises BadInput."""
    simulator = study.make("simulators", label)
    visits = {i: simulator.visit(i, EVALUATION) for i in study.explained}
    try:
        require_courses({subject: visit for subject, visit in visits.items() if visit})
    except BadInput as error:
        raise BadInput(f"{study.key('simulators', label)}: {error}") from error


def check_followed(study: Study) -> None:
    """Refuse training subjects that are no visits to a network that learns from courses; raises BadInput."""
    trusted = study.settings["trusted"]
    for unit in {(u.simulator, u.network): u for u in reversed(study.units)}.values():
        key = study.key("networks", unit.network)
        if getattr(resolve(study.networks[unit.network], ("bench.networks", *trusted), key), "follows", False):
            _check_training(study, unit, key)


def _check_training(study: Study, unit: Unit, network: str) -> None:
    simulator, key = study.make("simulators", unit.simulator), study.key("simulators", unit.simulator)
    visits = {i: simulator.visit(i, "train") for i in range(sizes(study.training(unit))["train"])}
    seen = {subject: visit for subject, visit in visits.items() if visit}
    if not seen:
        raise BadInput(
            f"{network} learns from persons who are seen more than once, and in {key} every subject is another person; "
            "give simulator=mtl_atrophy_longitudinal or another with visits"
        )
    try:
        require_courses(seen, whole=False)
    except BadInput as error:
        raise BadInput(f"{key}: {error}") from error
