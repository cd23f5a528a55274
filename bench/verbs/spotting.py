"""Verb that computes a few cells of a published study again, each alone in an empty folder."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench import front
from bench.contracts import BadInput
from bench.plan import plan as planning
from bench.plan import show
from bench.published import places
from bench.stages.stage import Cell
from bench.store import files
from bench.study import Study
from bench.verbs import computing
from bench.verbs.command import Command
from bench.verbs.editions import EDITION, edition_numbers, edition_of
from bench.verbs.publishing import as_csv
from bench.verbs.reading import readable
from bench.verify import spot as spots

COUNT, SEED = "count", "seed"
#: how many cells are drawn, and by what, where the command does not say
DEFAULT = {COUNT: "3", SEED: "0"}


def spot(command: Command) -> int:
    """Compute cells of a published study again and compare; 1 where a mean lies outside the tolerance.

    count=N cells, drawn by seed=N from the newest edition, or from edition=N. The table goes to results/<study>/spot.
    """
    values, others = command.taken(EDITION, COUNT, SEED)
    count, seed = (_whole(name, values.get(name, DEFAULT[name]), least) for name, least in ((COUNT, 1), (SEED, 0)))
    numbers, study = edition_numbers(values, most=1), others.study()[0]
    home = places.PUBLISHED / study.folder.name
    tables = edition_of(home, numbers[0]) if numbers else places.tables_in(home)
    if not (tables / places.ABOUT).is_file():
        raise BadInput(f"nothing is published in {home}; do so with 'python -m bench publish'")
    with readable():
        cells = spots.drawn_cells(study, tables, count, seed)
    rows = pd.concat([_again(study, cell, tables, others) for cell in cells], ignore_index=True)
    path = study.folder / "spot" / "spot.csv"
    files.write_bytes(path, as_csv(rows))
    wrong = rows[~rows["within"]]
    for row in wrong.to_dict("records"):
        case = " ".join(filter(None, (row["metric"], row["truth"], row["view"])))
        print(f"spot: {row['key']} {row['method']} {case}: {row['published']:.3f} became {row['again']:.3f}")
    differing = int((rows["differing"] > 0).sum())
    print(
        f"{tables}: {len(rows)} means of {len(cells)} cells computed again, {differing} with a value that is not the "
        f"same number, {len(wrong)} outside the tolerance; {path}"
    )
    return 1 if len(wrong) else 0


def _again(study: Study, cell: Cell, tables: Path, typed: Command) -> pd.DataFrame:
    """What became of a cell that is computed again, with the command that does so."""
    words = show.command(study, cell, typed.overrides, typed.config_dirs)
    print(f"{cell.title} of {cell.unit.id}: {shlex.join(words)}", flush=True)
    with files.scratch(study.folder / "spot" / cell.key) as empty:
        fresh = _computed(words[3:], empty)
        return spots.scores_beside(cell, tables, fresh.folder)


def _computed(words: Sequence[str], results: Path) -> Study:
    """The study of a command, computed in a folder of results, with its tables."""
    read = front.read(words)
    lines = [line for line in read.overrides if not line.startswith("paths.results=")]
    study, hydras = planning.study([*lines, f"paths.results={results}"], read.config_dirs)
    computing.compute(study, hydras)
    computing.write_tables(study)
    return study


def _whole(name: str, text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise BadInput(f"{name}={text} is not possible: give a whole number from {least}")
    return int(text)
