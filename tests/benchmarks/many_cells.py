"""Time and memory of the harness on a hundred thousand fake cells; written to results/benchmarks/many_cells.csv.

One unit is computed, and what it stored is laid down as that of all others, under their own keys. Each step is a
process of its own; seconds are those of its processor, which others at work on the machine hardly change.

python tests/benchmarks/many_cells.py [data seeds, 500 if not given; other numbers are printed only]
"""

import contextlib
import io
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
FAKES = ROOT / "tests" / "study" / "fakes" / "conf"
#: data seeds, and units that a launcher is handed, each of which takes it as long as the one before
WHOLE, MODEL_SEEDS, HANDED = 500, 5, 100
LINES = ("study=fake", "trusted=[fakes]", f"seed.model=range({MODEL_SEEDS})")
LINES += ("metric=[calibrated_ap,region_spearman,infidelity_redraw,max_sensitivity]",)
#: steps by name, in order: what they are called in the table
STEPS = {
    "plan": "plan, nothing stored",
    "launch": f"handing {HANDED} units to a launcher",
    "fill": "",
    "progress": "a look at the heartbeats of all units",
    "status": "status, everything stored",
    "again": "the work that is left, everything stored",
    "tables": "tables",
}


def plan(lines):
    """What `plan` does."""
    from bench.verbs.command import Command
    from bench.verbs.planning import plan as verb

    return lambda: verb(Command(lines, [FAKES]))


def launch(lines):
    """Hydra composes the configuration of every unit and calls it; the unit does nothing."""
    from bench.launch import child
    from bench.launch import launch as launching

    work, launcher = planned(lines)
    units = [unit.id for unit in work.units[:HANDED]]
    child.run = partial(nothing, work)
    return lambda: launching.launch(work, units, launcher, "units")


def nothing(work, path, name):
    """A unit that is begun and over."""
    from bench.launch.heart import Heart

    heart = Heart.of(work, name)
    heart.reset(len(work.pending[name]))
    heart.finish()


def fill(lines):
    """One unit is computed, and all others are given what it stored."""
    from bench.launch.unit import UnitRun
    from bench.plan.cells import Cells
    from bench.store import files

    work, _ = planned(lines)
    first, *others = work.units
    UnitRun(work, first).run(work.pending[first.id])
    cells, store, scores = Cells(work), work.artefacts(), work.scores()
    models = cells.of(first)
    rows = {cell.folder: scores.read(cell.folder) for cell in models if cell.folder}
    folders = {cell.key: store.find(cell.stage, cell.key) for cell in models}
    # nothing is stored twice here, and the power does not fail
    store.find, files._sync = lambda *_: None, lambda path: None

    def work_down():
        for unit in others:
            shards = defaultdict(dict)
            for model, cell in zip(models, cells.of(unit), strict=True):
                if cell.folder:
                    shards[model.folder, cell.folder, cell.name][model.key] = cell.key
                elif model.key != cell.key and folders[model.key]:
                    store.put(cell.stage, cell.name, cell.key, *copied(folders[model.key]))
            for (model, folder, name), keys in shards.items():
                table, records = rows[model]
                renamed = table.assign(metric_key=table["metric_key"].map(keys))
                scores.add(name, folder, renamed, {keys[k]: records[k] for k in keys})

    return work_down


def progress(lines):
    """A look at the heartbeats of all units, begun and not finished, and the time left."""
    from dataclasses import replace

    from bench.launch.expected import ExpectedWork
    from bench.launch.heart import Heart, folder
    from bench.launch.progress import LastBeats
    from bench.plan.plan import study

    work = study(lines, [FAKES])[0]
    work = replace(work, run="look", pending={u.id: [f"{u.id}-{k}" for k in range(40)] for u in work.units})
    folder(work).mkdir(parents=True)
    for unit in work.pending:
        Heart.of(work, unit).reset(40)
        Heart(Heart.of(work, unit).path, 40).beat(20, "measure")
    seconds = {key: {key: 1.0} for keys in work.pending.values() for key in keys}
    expected = ExpectedWork(work, list(work.pending), seconds)
    beats = LastBeats(work, expected)
    return lambda: (expected.left(beats.read(), 1.0), shutil.rmtree(folder(work)))


def status(lines):
    """What `status` does."""
    from bench.verbs.command import Command
    from bench.verbs.watching import status as verb

    return lambda: verb(Command(lines, [FAKES]))


def again(lines):
    """What a command finds to do where everything is done."""

    def look():
        if planned(lines)[0].pending:
            raise RuntimeError("units have work left, so the times mean nothing")

    return look


def tables(lines):
    """The tables of the study."""
    from bench.plan.plan import study
    from bench.verbs.computing import write_tables

    return lambda: write_tables(study(lines, [FAKES])[0])


def planned(lines):
    """The study with its work, and the lines for its launcher."""
    from bench.plan.plan import study, with_work

    work, launcher = study(lines, [FAKES])
    return with_work(work), launcher


def copied(folder):
    """What writes the files of an artefact again, and its record without its place."""
    record = json.loads((folder / "record.json").read_text())
    names = record["files"]

    def write(target):
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, target / name)

    return write, {key: value for key, value in record.items() if key not in ("stage", "key", "name", "files", "seal")}


def main():
    """Each step in a process of its own, then the table."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else WHOLE
    rows = []
    with tempfile.TemporaryDirectory() as results:
        lines = [*LINES, f"seed.data=range({seeds})", f"paths.results={results}"]
        for name, title in STEPS.items():
            command = [sys.executable, __file__, "--step", name, *lines]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            figures = json.loads(done.stdout)
            print(f"{name}: {figures}", file=sys.stderr, flush=True)
            if title:
                rows.append({"what": title, "units of the study": seeds * MODEL_SEEDS, **figures})
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if seeds == WHOLE:
        table.to_csv(ROOT / "results" / "benchmarks" / "many_cells.csv", index=False)


def step(name, lines):
    """Print the seconds of a step in this process, and the most MB that it held."""
    work = globals()[name](lines)
    started = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        work()
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(seconds, 1), "peak MB": round(peak)}))


if __name__ == "__main__":
    sys.path[:0] = [str(FAKES.parents[1]), str(ROOT)]
    if sys.argv[1:2] == ["--step"]:
        step(sys.argv[2], sys.argv[3:])
    else:
        main()
