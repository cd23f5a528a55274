"""Verb that joins what several machines, or several calls, computed."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from bench import report as pages
from bench.contracts import BadInput
from bench.plan.cells import Cells
from bench.published.edition import RECORD, Edition
from bench.store import ledger, schema
from bench.store.merge import Merge
from bench.study import Study
from bench.tables.merge import ABOUT, MergedTables, StudyPart
from bench.verbs.command import Command
from bench.verbs.reading import changed_tables, readable


def merge(command: Command) -> int:
    """Join results folders in the store of this one, or folders of tables in the tables of a study."""
    study, _ = command.study()
    folders = [Path(word).expanduser() for word in command.words]
    if not folders:
        raise BadInput("merge is not possible: give the results folders to bring in, e.g. merge results_a results_b")
    _check_parts(folders)
    published = [(folder / ABOUT).is_file() for folder in folders]
    if all(published):
        return _merge_tables(study, folders)
    if any(published):
        one, other = folders[published.index(True)], folders[published.index(False)]
        raise BadInput(f"{one} holds tables of a study and {other} none; merge folders of tables, or results folders")
    return _merge_stores(study, folders)


def _check_parts(folders: Sequence[Path]) -> None:
    """Refuse a part that is given twice, and an edition, which is no part of anything."""
    for number, folder in enumerate(folders):
        if folder.resolve() in [other.resolve() for other in folders[:number]]:
            raise BadInput(f"{folder} is given twice; give each part once")
        if (folder / RECORD).exists():
            record = Edition.of(folder).record
            raise BadInput(
                f"{folder} is edition {record['edition']} of {record['study']}, which does not change; give the "
                "parts of one run"
            )


def _check_tables(folder: Path) -> None:
    """Refuse tables of another schema, and such as were changed since they were written."""
    schema.check_tables(folder)
    if wrong := changed_tables(folder):
        raise BadInput(
            f"{folder / wrong[0]} is not what was written; write it anew with 'python -m bench tables' and the words "
            "that made it"
        )


def _merge_tables(study: Study, folders: Sequence[Path]) -> int:
    for folder in folders:
        _check_tables(folder)
    if (study.folder / ABOUT).exists() and not study.settings["replace"]:
        raise BadInput(f"{study.folder} holds tables; give what is merged another name=..., or replace=true")
    words = [*(folder.name for folder in folders), *(word for word in study.command if word.startswith("name="))]
    ledger.disown(study.folder)
    with readable():
        MergedTables([StudyPart(folder) for folder in folders]).write(
            study.folder, shlex.join(["python", "-m", "bench", "merge", *words])
        )
        pages.render(study.folder)
        ledger.write(study.folder)
        print(pages.summary(study.folder))
    return 0


def _merge_stores(study: Study, folders: Sequence[Path]) -> int:
    merges = {folder: _merge_of(study, folder) for folder in folders}
    planned = {cell.folder or cell.key for cell in Cells(study).everything() if cell.folder or cell.stage == "train"}
    for folder, merge in merges.items():
        if planned.isdisjoint(merge.computed):
            raise BadInput(
                f"{folder} holds no model and no score of {study.name}; give the words of the call that computed it"
            )
    for folder, merge in merges.items():
        merged = merge.run()
        print(f"{folder}: {merged.artefacts} artefacts and {merged.shards} shards of scores brought into {study.store}")
    return 0


def _merge_of(study: Study, folder: Path) -> Merge:
    """What is to come from a results folder, or from the store in it."""
    store = folder / "store" if (folder / "store").is_dir() else folder
    if store.resolve() == study.store.resolve():
        raise BadInput(f"{folder} is the results folder itself; give those of other machines, or paths.results=...")
    return Merge(study.store, store)
