"""Verbs that plan, check and compute."""

import sys
from collections import Counter
from collections.abc import Sequence

from bench.config import compose
from bench.plan import plan as planning
from bench.plan.states import STATES, count, survey
from bench.store import schema
from bench.store.artefacts import Damaged
from bench.study import PAGE, Study
from bench.verbs.call import Call
from bench.verbs.reading import readable

#: how often a damaged file found while tables are written sends a run back to compute
ATTEMPTS = 3
BROKEN = ("failed", "blocked", "missing")


def run(call: Call) -> int:
    """Compute what is missing, write tables, figures and page; 1 when any cell failed or an audit found a fault."""
    from bench import report as pages

    study, lines = call.study()
    if planning.rendered(study):
        print(pages.summary(study.folder))
        return max(say_failures(study), say_violations(study))
    (study.folder / PAGE).unlink(missing_ok=True)
    for _ in range(ATTEMPTS):
        compute(study, lines)
        try:
            write_tables(study)
            break
        except Damaged as error:
            print(f"{error}; computing it again", file=sys.stderr)
            # where one file is damaged others may be, and only so many attempts are made
            list(study.artefacts().verify())
    code = say_failures(study)
    with readable():
        if study.headline:
            pages.render(study.folder)
        code = max(code, say_violations(study))
        ranked = pages.summary(study.folder) if study.headline else ""
    print(ranked or f"{study.folder}: tables only; no ranking, because none of its metrics was chosen")
    return code


def tables(call: Call) -> int:
    """Write the tables from the store, and those that rest on them."""
    from bench import report as pages

    study, _ = call.study()
    write_tables(study)
    with readable():
        pages.aggregate(study.folder)
    print(study.folder)
    return say_failures(study)


def say_violations(study: Study) -> int:
    """One line a rule that the tables break; 1 when there is any."""
    from bench import report as pages

    found = pages.violations(study.folder)
    for violation in found:
        print(f"audit: {violation}", file=sys.stderr)
    return 1 if found else 0


def compute(study: Study, lines: Sequence[str]) -> None:
    """Units, then comparisons, planned anew because a unit may have failed."""
    from bench.launch.launch import launch

    schema.claim(study.store)
    for names, title in (([*study.units, *study.arms], "units"), (study.groups, "comparisons")):
        work = planning.with_work(study)
        path = work.save()
        launch(work, path, [u.id for u in names if u.id in work.todo], lines, title)


def write_tables(study: Study) -> None:
    """Tables and pictures of what the store holds."""
    from bench.tables import panels
    from bench.tables.writer import Writer

    Writer(study).write()
    panels.write(study)


def say_failures(study: Study) -> int:
    """One line a kind of failure; 1 when something is not there that should be."""
    found = survey(study)
    totals: Counter[str] = Counter()
    for (_, state), number in count(found).items():
        totals[state] += number
    broken = {state: totals[state] for state in BROKEN if totals[state]}
    if broken:
        told = ", ".join(f"{number} {state}" for state, number in broken.items())
        print(
            f"{told} of {sum(totals.values())} cells; reasons are in {study.folder / 'failures.csv'}; "
            "retry with rerun=failed",
            file=sys.stderr,
        )
    return 1 if broken else 0


def plan(call: Call) -> int:
    """Say what would be computed."""
    from bench.plan.estimate import estimate

    study, lines = call.study()
    work = planning.with_work(study)
    work.save()
    found = survey(study)
    by_stage, expected = count(found), estimate(work, found)
    print(f"{study.name}: {len(study.units)} units, {len(study.methods)} methods, {len(study.metrics)} metrics")
    print(f"{'stage':<12}" + "".join(f"{state:>12}" for state in (*STATES, "seconds")))
    for stage in dict.fromkeys([*(stage for stage, _ in by_stage), *expected.stages]):
        states = "".join(f"{by_stage[stage, state]:>12}" for state in STATES)
        print(f"{stage:<12}{states}{expected.seconds(stage):>12}")
    print(expected.sentence(compose.workers(lines)))
    return 0


def check(call: Call) -> int:
    """Run the conformance checks of every simulator, network, method and metric the command names."""
    from bench.verify.conform import conform

    study, _ = call.study()
    failures = 0
    for label, name, complaint in conform(study, call.overrides):
        print(f"{label:<24} {name:<36} {complaint or 'ok'}", flush=True)
        failures += bool(complaint)
    return 1 if failures else 0
