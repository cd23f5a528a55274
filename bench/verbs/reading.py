"""Verbs that read a study's tables: rankings, figures, pages, and what is published."""

import contextlib
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bench import report as pages
from bench.columns import written
from bench.contracts import BadInput
from bench.plan import place, published_prices
from bench.provenance import ROOT
from bench.store import files, ledger, schema
from bench.study import Study
from bench.verbs.command import Command
from bench.verify.carry import carry
from bench.verify.published import PUBLISHED

#: what of a study is published: everything but the plan, heartbeats and logs of the run
TABLES = ("*.csv", "*.parquet", "study.json", "panels.npz", "*.html", "scores/*/*/*.parquet", "figures/*", "views/*/*")
#: tables that others rest on
FROM_STORE = ("study.json", "panels.npz", *written.TABLES)


def figures(command: Command) -> int:
    """Draw the figures and write the tables of a paper from those of the study; say what has no rows to be drawn."""
    with writing_into(command) as folder:
        drawn, left_out = pages.draw_figures(folder)
        print("\n".join([*map(str, drawn), *left_out]))
    return 0


def leaderboard(command: Command) -> int:
    """Rank from the tables."""
    with writing_into(command) as folder:
        rows = pages.leaderboard(folder)
    print(f"{folder / 'leaderboard.csv'}: {len(rows)} rows, and the tables beside it")
    return 0


def report(command: Command) -> int:
    """Leaderboard, figures and page from the tables."""
    with writing_into(command) as folder:
        pages.render(folder)
        print(pages.summary(folder))
    return 0


def drift(command: Command) -> int:
    """Compare a study's fresh means with the published ones; 1 where any lies outside the tolerance."""
    folder = tables_of(command.study()[0])
    with readable():
        moved = pages.drift(folder, PUBLISHED / folder.name)
    for sentence in moved:
        print(f"drift: {sentence}")
    print(f"{len(moved)} of the published means have drifted")
    return 1 if moved else 0


def publish(command: Command) -> int:
    """Copy a study's tables, figures and page to results/published/<study>, and its tables into the READMEs.

    Portraits, audits and realism of simulators as shipped go to results/published, with or without tables.
    """
    study = command.study()[0]
    carried = list(carry(study))
    print("\n".join(map(str, carried)), end="\n" * bool(carried))
    return 0 if carried and not (study.folder / "study.json").exists() else _publish_tables(study)


def _publish_tables(study: Study) -> int:
    folder = tables_of(study)
    _check_publishable(folder)
    target = PUBLISHED / folder.name
    with files.scratch(target) as copy:
        for name in TABLES:
            for path in sorted(folder.glob(name)):
                kept = copy / path.relative_to(folder)
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, kept)
        files.publish(copy, target, replace=True)
    with readable():
        for readme in (ROOT / name / "README.md" for name in ("results", "simulators", "bench/networks")):
            pages.write_readme(readme, target)
    date = pd.read_parquet(target / "provenance.parquet", columns=["date"])["date"].max()
    published_prices.write(study, pd.read_parquet(target / "costs.parquet"), str(date))
    print(target)
    return 0


def _check_publishable(folder: Path) -> None:
    """Refuse tables of the user's own scans: pictures of heads and names of files would lie where git looks."""
    heads: dict[str, str] = files.json_object(folder / "study.json").get("heads", {})
    if scanned := [name for name, of in heads.items() if of == "scans"]:
        raise BadInput(
            f"{folder} shows heads of scans ({scanned[0]}), and results/published is committed; nothing was published, "
            "copy the folder yourself where it may be seen"
        )


@contextlib.contextmanager
def writing_into(command: Command) -> Iterator[Path]:
    """The folder of a study's tables, for work that writes more beside them."""
    folder = tables_of(command.study()[0])
    with readable(), ledger.keeping(folder):
        yield folder


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Tables that cannot be read are the user's to mend: one sentence."""
    try:
        yield
    except pages.BadTables as error:
        raise BadInput(str(error)) from error


def tables_of(study: Study) -> Path:
    """The folder of a study's tables; raises BadInput where there are none, or one is not what was written."""
    folder = study.folder
    if not (folder / "study.json").exists():
        beside = PUBLISHED / folder.name
        published = f"; {beside} holds published ones, as files to read" if beside.is_dir() else ""
        raise BadInput(f"{folder} holds no tables; run the study first, or 'python -m bench tables'{published}")
    schema.check_tables(folder)
    ledger.clear_names(folder)
    wrong = [name for name in ledger.disagreeing(folder) if name in FROM_STORE or name.startswith("scores/")]
    if wrong:
        raise BadInput(
            f"{folder / wrong[0]} is not what was written; write it anew with "
            f"'{shlex.join(['python', '-m', 'bench', 'tables', *study.command])}'"
        )
    if place.is_another(study):
        command = files.json_object(folder / "study.json").get("command")
        print(
            f"the tables in {folder} are those of '{command}'; words of this call change nothing of them",
            file=sys.stderr,
        )
    return folder
