"""What each verb of the command line does."""

import contextlib
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import plan as planning
from bench.config import compose
from bench.config.suggest import nearest
from bench.contracts import BadInput
from bench.ledger import STATES, committed, count, survey
from bench.provenance import ROOT
from bench.store import schema
from bench.store.artefacts import KEY_LENGTH, Damaged
from bench.study import PAGE, Study

#: how often a damaged file found while tables are written sends a run back to compute
ATTEMPTS = 3
#: what of a study is published: everything but the plan, heartbeats and logs of the run
TABLES = ("*.csv", "*.parquet", "study.json", "panels.npz", "*.html", "scores/*/*/*.parquet", "figures/*")
PUBLISHED = ROOT / "results" / "published"
BROKEN = ("failed", "blocked", "missing")


@dataclass
class Call:
    """What the user typed after the verb."""

    overrides: Sequence[str] = ()
    config_dirs: Sequence[Path] = ()
    words: Sequence[str] = field(default_factory=list)

    def study(self) -> tuple[Study, list[str]]:
        """The planned study and Hydra's own overrides."""
        return planning.study(self.overrides, self.config_dirs)


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
    if not study.headline:
        print(f"{study.folder}: tables only; no ranking, because none of its metrics was chosen")
        return code
    with _readable():
        pages.render(study.folder)
        code = max(code, say_violations(study))
        print(pages.summary(study.folder))
    return code


def say_violations(study: Study) -> int:
    """One line a rule that the tables break; 1 when there is any."""
    from bench import report as pages

    found = pages.violations(study.folder) if study.headline else []
    for violation in found:
        print(f"audit: {violation}", file=sys.stderr)
    return 1 if found else 0


def compute(study: Study, lines: Sequence[str]) -> None:
    """Units, then comparisons, planned anew because a unit may have failed."""
    from bench.launch import launch

    schema.claim(study.store)
    for names, title in ((study.units, "units"), (study.groups, "comparisons")):
        work = planning.with_work(study)
        path = work.save()
        launch(work, path, [u.id for u in names if u.id in work.todo], lines, title)


def write_tables(study: Study) -> None:
    """Tables and pictures of what the store holds."""
    from bench import pictures
    from bench.tables import Writer

    Writer(study).write()
    pictures.write(study)


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
    from bench.estimate import estimate

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
    from bench.conform import conform

    study, _ = call.study()
    failures = 0
    for label, name, complaint in conform(study, call.overrides):
        print(f"{label:<24} {name:<36} {complaint or 'ok'}", flush=True)
        failures += bool(complaint)
    return 1 if failures else 0


def tables(call: Call) -> int:
    """Write the tables from the store, and those that rest on them."""
    from bench import report as pages

    study, _ = call.study()
    write_tables(study)
    with _readable():
        pages.aggregate(study.folder)
    print(study.folder)
    return say_failures(study)


def figures(call: Call) -> int:
    """Draw the figures from the tables."""
    from bench import report as pages

    with _readable():
        pages.figures(_folder(call))
    return 0


def leaderboard(call: Call) -> int:
    """Rank from the tables."""
    from bench import report as pages

    with _readable():
        pages.leaderboard(_folder(call))
    return 0


def report(call: Call) -> int:
    """Leaderboard, figures and page from the tables."""
    from bench import report as pages

    folder = _folder(call)
    with _readable():
        pages.render(folder)
        print(pages.summary(folder))
    return 0


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Tables that cannot be read are the user's to mend: one sentence."""
    from bench.report import BadTables

    try:
        yield
    except BadTables as error:
        raise BadInput(str(error)) from error


def _folder(call: Call) -> Path:
    folder = call.study()[0].folder
    if not (folder / "study.json").exists():
        raise BadInput(f"{folder} holds no tables; run the study first, or 'python -m bench tables'")
    schema.check_tables(folder)
    return folder


def store(call: Call) -> int:
    """verify: check every stored file. prune: delete what no planned study of this results folder needs."""
    from bench.prune import prune

    study, _ = call.study()
    what = call.words[0] if call.words else ""
    if what == "verify":
        damaged = list(study.artefacts().verify()) + list(study.scores().verify())
        print("\n".join(damaged) or "every stored file is as it was written")
        return 1 if damaged else 0
    if what == "prune":
        print(prune(study))
        return 0
    raise BadInput(f"store needs verify or prune{nearest(what, ('verify', 'prune')) if what else ''}")


def show(call: Call) -> int:
    """Print what is known of a key: configuration, seeds, versions, cost, and the command that makes it alone."""
    from bench.shown import record

    if not call.words or len(call.words[0]) != KEY_LENGTH:
        raise BadInput(f"show needs one key of {KEY_LENGTH} hexadecimal digits, e.g. from provenance.parquet")
    print(json.dumps(record(call.study()[0], call.words[0], call.overrides, call.config_dirs), indent=1))
    return 0


def drift(call: Call) -> int:
    """Compare a study's fresh means with the published ones; 1 where any lies outside the tolerance."""
    from bench import report as pages

    folder = _folder(call)
    moved = pages.drift(folder, PUBLISHED / folder.name)
    for sentence in moved:
        print(f"drift: {sentence}")
    print(f"{len(moved)} of the published means have drifted")
    return 1 if moved else 0


def publish(call: Call) -> int:
    """Copy a study's tables, figures and page to results/published/<study>, and its tables into the READMEs."""
    from bench import report as pages
    from bench.store import files

    folder = _folder(call)
    target = PUBLISHED / folder.name
    with files.scratch(target) as copy:
        for name in TABLES:
            for path in sorted(folder.glob(name)):
                kept = copy / path.relative_to(folder)
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, kept)
        files.publish(copy, target, replace=True)
    for readme in (ROOT / "README.md", *ROOT.glob("simulators/README.md"), *ROOT.glob("bench/networks/README.md")):
        pages.write_readme(readme, target)
    print(target)
    return 0


def calibrate(call: Call) -> int:
    """Calibrate the simulators of a study and put the results where they are committed."""
    from bench.unit import Bench

    study, _ = call.study()
    for unit in {u.simulator: u for u in study.units}.values():
        bench = Bench(study, unit)
        cell = bench.cells.unit(unit).calibration
        path = committed(cell)
        if not path.exists():
            found = bench.get(cell)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{unit.simulator}: {path}")
    return 0


def export(call: Call) -> int:
    """Write the explained subjects of every simulator named as NIfTI files in BIDS-like folders."""
    from bench.export import export as folders

    for folder in folders(call.study()[0]):
        print(folder)
    return 0


def portrait(call: Call) -> int:
    """Draw what each simulator named makes, into results/published/portraits."""
    from bench import portraits

    for path in portraits.write(call.study()[0], PUBLISHED / "portraits"):
        print(path)
    return 0


def entrants(call: Call) -> int:
    """Put other libraries' versions of methods through our checks, into results/published/entrants.csv."""
    from bench import entrants as contest

    if call.overrides:
        raise BadInput(
            f"entrants takes no overrides, and was given '{call.overrides[0]}'; it runs all of conf/entrants"
        )
    contest.main()
    return 0


def views(call: Call) -> int:
    """Draw what else can be seen of a model than maps, into results/<study>/views."""
    from bench.views.write import write

    for folder in write(call.study()[0]):
        print(folder)
    return 0
