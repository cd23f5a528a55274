"""Caches at the end of a call: deleted, as they can be made again bit for bit and fill a disk."""

from collections.abc import Iterator

from bench.launch.progress import runs_at_work
from bench.plan.cells import Cells
from bench.stages.stage import Cell
from bench.store import dropped
from bench.study import PLAN, Study


def drop(study: Study) -> None:
    """Delete the caches of a study whose work is done; while another call is at work on this store, it will do so.

    Whoever needs one later makes it again: a reader that meets a missing folder makes it, and a file that is mapped
    into memory stays there.
    """
    artefacts, needed = study.artefacts(), set[str]()
    for other in runs_at_work(study):
        try:
            needed |= {cache.key for cache in caches(Study.load(other / PLAN))}
        except (ValueError, TypeError, LookupError, AttributeError):
            # other code planned it: nobody knows what it reads
            return
    for cache in caches(study):
        if cache.key not in needed:
            dropped.discard(artefacts, cache.stage, cache.key)


def caches(study: Study) -> Iterator[Cell]:
    """Cells that are made on the way to those of a study."""
    return (cell for cell in Cells(study).everything() if cell.maker.cache)
