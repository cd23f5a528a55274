"""Verb that gathers the pages of all published studies, as they are served."""

import shutil
from pathlib import Path

from bench import report
from bench.contracts import BadInput
from bench.provenance import ROOT
from bench.published import places
from bench.published.edition import RECORD, Edition
from bench.store import files
from bench.study import PAGE
from bench.verbs.command import Command

TARGET = ROOT / "results" / "pages"


def pages(command: Command) -> int:
    """Copy every published study that has a page, all its editions, into results/pages, with an index of them."""
    if command.overrides:
        raise BadInput(f"pages takes no overrides, and was given '{command.overrides[0]}'; it serves what is published")
    studies = [folder for folder in places.studies() if (folder / PAGE).is_file()]
    with files.scratch(TARGET) as copy:
        for folder in studies:
            name = places.study_name(folder)
            shutil.copytree(places.PUBLISHED / name, copy / name, ignore=shutil.ignore_patterns(".*"))
        links = [(folder.relative_to(places.PUBLISHED).as_posix(), _citation(folder)) for folder in studies]
        files.write_bytes(copy / PAGE, report.index(links).encode())
        files.publish(copy, TARGET, replace=True)
    print(TARGET / PAGE)
    return 0


def _citation(folder: Path) -> str:
    """The line that cites an edition; "" for tables that are none."""
    return str(Edition.of(folder).record["citation"]) if (folder / RECORD).exists() else ""
