"""Deleting from the store what no planned study needs, and what can be made again cheaply."""

from collections.abc import Collection, Iterator
from pathlib import Path

from bench.contracts import BadInput
from bench.plan.cells import Cells
from bench.store import clock, files, processes
from bench.store.failures import FAILURES
from bench.study import PLAN, PROGRESS, Study

#: leftovers of nobody knows whom that were written to within this time may belong to a run that goes on
DAY_S = 86_400.0


def prune(study: Study, at_work: Collection[str] = ()) -> str:
    """Delete artefacts, scores and failures beyond every plan of the results folder, caches, and what killed runs left.

    at_work: keys of caches that are being read. The studies are those that have a `plan.json`; `study` itself counts.
    Returns a sentence saying what was freed.
    """
    needed = _needed(study).union(at_work, *_planned(Path(study.results)))
    artefacts, scores = study.artefacts(), study.scores()
    folders = {k: f for stage in artefacts.stages() for k, f in artefacts.keys(stage).items()}
    failures = artefacts.keys(FAILURES)
    gone = [f for k, f in {**folders, **failures, **scores.cells()}.items() if k not in needed]
    gone += _left(Path(study.results))
    size = sum(p.stat().st_size for f in gone for p in (f, *f.rglob("*")) if p.is_file())
    for folder in gone:
        files.remove(folder)
    return f"{len(gone)} folders deleted, {size / 1e6:.0f} MB freed"


def _left(results: Path) -> Iterator[Path]:
    """Hidden files of processes that are over, and hidden files and heartbeats that nobody has written to for a day."""
    now = clock.file_time(results) or 0.0
    for pattern in ("*/.tmp-*", "*/*/.tmp-*", "*/*/*/.tmp-*", f"*/*/{files.UNFINISHED}*", f"*/{PROGRESS}/*"):
        for path in results.glob(pattern):
            over = any(map(processes.is_over, path.name.split("-")))
            if over or now - max(p.lstat().st_mtime for p in (path, *path.rglob("*"))) > DAY_S:
                yield path


def _needed(study: Study) -> set[str]:
    """Keys of all cells of a study and of the folders of their scores."""
    cells = Cells(study)
    return {k for unit in study.everything for c in cells.of(unit) for k in (c.key, c.folder)}


def _planned(results: Path) -> Iterator[set[str]]:
    """What each study with a plan needs; raises BadInput for a plan that cannot be read."""
    for path in sorted(results.glob(f"*/{PLAN}")):
        try:
            yield _needed(Study.load(path))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise BadInput(f"{path} cannot be read ({error}); delete it, or plan that study again") from error
