"""Verbs that calibrate simulators, and put plug-ins and other libraries' methods through the checks."""

import json

from bench.contracts import BadInput
from bench.launch.call import reading_caches
from bench.launch.spoken import SpokenBeat
from bench.launch.unit import UnitRun
from bench.published import places
from bench.stages.calibrate import CALIBRATE, committed
from bench.verbs.command import Command
from bench.verbs.publishing import write_readmes
from bench.verify import catalogue, changes, identities
from bench.verify.conform import conform
from bench.verify.entrants import write_findings


def check(command: Command) -> int:
    """Run the conformance checks of every simulator, network, method and metric the command names."""
    checks = failures = 0
    with reading_caches(command.study()[0]) as study:
        for label, name, complaint in conform(study, command.overrides):
            print(f"{label:<24} {name:<36} {complaint or 'ok'}", flush=True)
            checks += 1
            failures += bool(complaint)
    print(f"{checks - failures} of {checks} passed")
    return 1 if failures else 0


def calibrate(command: Command) -> int:
    """Calibrate the simulators of a study and put the results where they are committed."""
    with reading_caches(command.study()[0]) as study:
        for unit in {u.simulator: u for u in study.units}.values():
            run = UnitRun(study, unit, SpokenBeat())
            path = committed(run.cells.cell(CALIBRATE, unit))
            if not path.exists():
                calibration = run.value(CALIBRATE)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(calibration, indent=1) + "\n")
            print(f"{unit.simulator}: {path}")
    return 0


def entrants(command: Command) -> int:
    """Put other libraries' versions of methods through our checks, into results/entrants/entrants.csv."""
    if command.overrides:
        raise BadInput(
            f"entrants takes no overrides, and was given '{command.overrides[0]}'; it runs all of conf/entrants"
        )
    print(write_findings())
    return 0


def readme(command: Command) -> int:
    """Write tables of plug-ins and of published studies into READMEs, changes of editions, identities of classes."""
    for tables in places.studies():
        write_readmes(places.study_name(tables), tables)
    for path in (*catalogue.write(), *changes.write_changes(), identities.write()):
        print(path)
    return 0
