"""Verb that looks at a study while calls are at work on it."""

from bench.launch.status import DONE, StudyStatus
from bench.verbs.command import Command


def status(command: Command) -> int:
    """Say which units are done, which run where and since when, what failed, and the time left."""
    study, _ = command.study()
    seen = StudyStatus.of(study)
    print(f"{study.name}: {seen.sentence}")
    for unit in seen.units:
        if unit.state != DONE or unit.failed:
            print(f"{unit.state:<8} {unit.unit:<40} {unit.sentence}".rstrip())
    return 0
