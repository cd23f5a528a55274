"""Verbs that compute, and write tables of what is computed."""

import sys
from collections import Counter
from collections.abc import Sequence

from bench import report as pages
from bench.launch import caches
from bench.launch.launch import launch
from bench.launch.spoken import spoken
from bench.launch.turns import in_turns
from bench.plan import parts, place
from bench.plan import plan as planning
from bench.plan.stale import stale_sentence
from bench.plan.states import cell_counts, survey
from bench.store import files, ledger, schema
from bench.store.artefacts import Damaged
from bench.study import PAGE, Study
from bench.tables import panels
from bench.tables.writer import Writer
from bench.verbs.command import Command
from bench.verbs.planning import say_underpowered, units_and_plugins
from bench.verbs.reading import readable
from bench.verify.asking import ask

#: how often a damaged file found while tables are written sends a run back to compute
ATTEMPTS = 3
#: states of cells without a value, and what is to be done about them
BROKEN = {
    "failed": "reasons are in {}; retry with rerun=failed",
    "blocked": "made from cells that failed, and computed with them",
    "missing": "not computed, and nothing is known against them; issue the same command again",
}
#: what is said of values whose code changed while its version did not
OLD = "made by other code than there is now, and shown as they are; make them again with rerun=stale"


def run(command: Command) -> int:
    """Compute what is missing, write tables, figures and page; 1 when any cell failed or an audit found a fault."""
    study, lines = command.study()
    place.check(study)
    for folder in (study.store, study.folder):
        files.sweep(folder)
    if study.settings["part"]:
        return _run_part(study, lines)
    if planning.is_finished(study):
        say_stale(study)
        print(pages.summary(study.folder))
        return max(say_failures(study), say_violations(study))
    ask(study)
    schema.claim(study.store)
    files.make_folder(study.folder)
    say_underpowered(study)
    say_begun(study)
    say_stale(study)
    if outside := place.dropped_maps(study):
        print(f"the tables will be without {', '.join(outside)}, which `score` adds again", file=sys.stderr)
    ledger.disown(study.folder)
    ledger.clear_names(study.folder)
    (study.folder / PAGE).unlink(missing_ok=True)
    for _ in range(ATTEMPTS):
        compute(study, lines)
        try:
            with spoken(f"{study.name}: tables"):
                write_tables(study)
            break
        except Damaged as error:
            print(f"{error}; computing it again", file=sys.stderr)
            # where one file is damaged others may be, and only so many attempts are made
            list(study.artefacts().verify())
    caches.drop(study)
    code = say_failures(study)
    with readable():
        if study.headline:
            with spoken(f"{study.name}: figures and page"):
                pages.render(study.folder)
        code = max(code, say_violations(study))
        ledger.write(study.folder)
        ranked = pages.summary(study.folder) if study.headline else ""
    print(ranked or f"{study.folder}: tables only; no ranking, because none of its metrics was chosen")
    return code


def say_stale(study: Study) -> None:
    """One line on cells that other code made, by file; none where there are none."""
    if sentence := stale_sentence(study, survey(study)):
        print(sentence, file=sys.stderr)


def _run_part(study: Study, lines: Sequence[str]) -> int:
    """Compute the units of a part, and write no table: what is ranked and compared needs all parts."""
    ask(study)
    schema.claim(study.store)
    say_begun(study)
    compute(study, lines)
    code = say_failures(study)
    print(
        f"part {study.settings['part']} of {study.name} is in {study.store}; once all parts are in one store, to which "
        "'python -m bench merge FOLDER...' brings them, the same command without part writes the tables"
    )
    return code


def say_begun(study: Study) -> None:
    """One line on what is computed, before anything is, which may take hours."""
    units = sum(unit.id in parts.of(study) for unit in study.units)
    print(
        f"{study.name}: {units_and_plugins(study, units)}, into {study.folder}; "
        "'python -m bench plan' with the same words says what it takes",
        file=sys.stderr,
    )


def tables(command: Command) -> int:
    """Write the tables from the store, and those that rest on them."""
    study, _ = command.study()
    place.check(study)
    write_tables(study)
    with readable(), ledger.keeping(study.folder):
        pages.aggregate(study.folder)
    print(study.folder)
    return say_failures(study)


def say_violations(study: Study) -> int:
    """One line a rule that the tables break; 1 when there is any."""
    violations = pages.violations(study.folder)
    for violation in violations:
        print(f"audit: {violation}", file=sys.stderr)
    return 1 if violations else 0


def compute(study: Study, lines: Sequence[str]) -> None:
    """Units, then comparisons, planned anew because a unit may have failed."""
    schema.claim(study.store)
    for names, title in (([*study.units, *study.arms], "units"), (study.groups, "comparisons")):
        work = planning.with_work(study)
        work.save()
        launch(work, [u.id for u in in_turns(names) if u.id in work.pending], lines, title)


def write_tables(study: Study) -> None:
    """Tables and pictures of what the store holds."""
    ledger.clear_names(study.folder)
    with ledger.keeping(study.folder):
        Writer(study).write()
        panels.write(study)


def say_failures(study: Study) -> int:
    """One line a kind of failure, and one on values of other code; 1 when something is not there that should be."""
    totals: Counter[str] = Counter()
    surveyed, ours = survey(study), parts.of(study)
    for (_, state), number in cell_counts({u: cells for u, cells in surveyed.items() if u in ours}).items():
        totals[state] += number
    broken = {state: totals[state] for state in BROKEN if totals[state]}
    for state, number in broken.items():
        mend = BROKEN[state].format(study.folder / "failures.csv")
        print(f"{number} {state} of {sum(totals.values())} cells: {mend}", file=sys.stderr)
    if totals["stale"]:
        print(f"{totals['stale']} stale of {sum(totals.values())} cells: {OLD}", file=sys.stderr)
    return 1 if broken else 0
