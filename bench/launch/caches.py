"""Deletion of caches once they were read: they can be made again bit for bit, and they fill a disk."""

from collections.abc import Mapping

from bench.contracts import BadInput
from bench.launch.heart import Heart, folder, runs_at_work
from bench.plan.cells import Cells
from bench.stages.audit_bank import AUDIT_BANK
from bench.store import dropped
from bench.study import PLAN, Study


def release(study: Study, unit: str) -> None:
    """Delete the caches that no unit of this call needs after one that is done."""
    caches = study.caches.get(unit, {})
    # each heartbeat is a file, and few of many units read the same caches
    sharing = [other for other, keys in study.caches.items() if caches.keys() & keys.keys()]
    needed = {key for other in sharing if not Heart.of(study, other).finished() for key in study.caches[other]}
    _discard(study, {key: stage for key, stage in caches.items() if key not in needed})


def drop(study: Study) -> None:
    """Delete the caches of a study whose work is done, and those among them that an earlier call left."""
    _discard(study, _planned(study))


def _discard(study: Study, caches: Mapping[str, str]) -> None:
    """Delete caches, but for those of another call at work on this store, which deletes them when it has read them.

    Whoever needs one later makes it again: a reader that meets a missing folder makes it, and a file that is mapped
    into memory stays there.
    """
    artefacts = study.artefacts()
    try:
        needed = of_other_calls(study)
    except BadInput:
        return
    for key, stage in caches.items():
        if key not in needed:
            dropped.discard(artefacts, stage, key)


def of_other_calls(study: Study) -> set[str]:
    """Keys of the caches that other calls at work on this store read.

    Raises:
        BadInput: where other code planned one of them, as nobody knows what it reads.
    """
    needed = set[str]()
    for other in runs_at_work(study):
        if other != folder(study):
            try:
                needed |= {*_planned(Study.load(other / PLAN))}
            except (ValueError, TypeError, LookupError, AttributeError) as error:
                raise BadInput(
                    f"{other} is a call at work whose plan cannot be read ({error}); wait until it is done"
                ) from error
    return needed


def _planned(study: Study) -> dict[str, str]:
    """The stages of all caches on the way to the cells of a study and to audits of its simulators, by key."""
    cells = Cells(study)
    audits = (bank for unit in study.units for bank in AUDIT_BANK.of(cells, unit))
    return {cell.key: cell.stage for cell in (*cells.everything(), *audits) if cell.maker.cache}
