"""Verbs that read a study's tables: rankings, figures, pages."""

import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import report as pages
from bench.columns import written
from bench.contracts import BadInput
from bench.plan import place
from bench.published import places
from bench.store import files, ledger, schema
from bench.study import Study
from bench.verbs.command import Command

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


def changed_tables(folder: Path) -> list[str]:
    """Names of tables in the folder of a study that are not what was written."""
    return [name for name in ledger.disagreeing(folder) if name in FROM_STORE or name.startswith("scores/")]


def tables_of(study: Study) -> Path:
    """The folder of a study's tables; raises BadInput where there are none, or one is not what was written."""
    folder = study.folder
    if not (folder / "study.json").exists():
        beside = places.tables_in(places.PUBLISHED / folder.name)
        published = f"; {beside} holds published ones, as files to read" if beside.is_dir() else ""
        raise BadInput(f"{folder} holds no tables; run the study first, or 'python -m bench tables'{published}")
    schema.check_tables(folder)
    ledger.clear_names(folder)
    if wrong := changed_tables(folder):
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
