"""States of a study's cells, as the store knows them: done, missing, failed, stale, blocked or unsupported."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bench.contracts import Status
from bench.plan.cells import Cells
from bench.stages.stage import Cell
from bench.store import failures
from bench.store.artefacts import Artefacts
from bench.store.scores import Scores
from bench.study import Study

STATES = ("done", "missing", "failed", "stale", "blocked", "unsupported")
States = dict[str, tuple[Cell, str]]
GIVEN_UP = ("failed", "blocked", "unsupported")
log = logging.getLogger("bench.store")


@cache
def _say(sentence: str) -> None:
    """One line a process, however often the store is looked through."""
    log.warning("%s", sentence)


@dataclass
class StoredCells:
    """The state of cells by key, looked up in the store once and remembered."""

    study: Study
    artefacts: Artefacts
    scores: Scores
    _known: dict[str, dict[str, Any]] = field(default_factory=dict)
    _failures: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study) -> "StoredCells":
        """Those of a study, as the store stands now."""
        artefacts, scores = study.artefacts(), study.scores()
        for sentence in (*artefacts.foreign(), *scores.foreign()):
            _say(sentence)
        return cls(study, artefacts, scores, _failures=artefacts.keys(failures.FAILURES))

    def record(self, cell: Cell) -> dict[str, Any] | None:
        """The record of a cell that is done, else None."""
        if cell.folder:
            if cell.folder not in self._known:
                self._known[cell.folder] = self.scores.known(cell.folder)
            return self._known[cell.folder].get(cell.key)
        if cell.maker.committed(cell):
            return {"source": cell.source}
        return self.artefacts.known(cell.stage, cell.key)

    def failure(self, cell: Cell) -> dict[str, Any] | None:
        """The record of a failure of this cell with the code as it is now, else None."""
        if cell.key not in self._failures:
            return None
        failure = failures.read(self.artefacts, cell.key)
        return failure if failure and failure["source"] == cell.source else None

    def value(self, cell: Cell) -> Any:
        """The value of an artefact that is done.

        Raises:
            KeyError: where it is not there. Damaged: where a file of it is not what was written.
        """
        return cell.maker.read(self.folder(cell), self.study, cell)

    def folder(self, cell: Cell) -> Path:
        """The folder of an artefact that is done, every file checked, or the committed file in its place."""
        return cell.maker.committed(cell) or self.artefacts.read(cell.stage, cell.key)

    def state(self, cell: Cell) -> str:
        """The state of a cell without regard to what it is made from."""
        if record := self.record(cell):
            return "done" if record["source"] == cell.source else "stale"
        failure = self.failure(cell)
        if failure is None:
            return "missing"
        return "unsupported" if failure["status"] == Status.unsupported else "failed"

    def add(self, cells: Iterable[Cell], known: States, retry_failed: bool = False) -> States:
        """{key: (cell, state)} of the cells, in order, also added to the states `known` so far.

        A cell below a failure that is kept is `blocked`, one below an unsupported map is `unsupported`.
        """
        states: States = {}
        for cell in cells:
            if cell.key not in known:
                above = {known[need.key][1] for need in cell.needs if need.key in known}
                known[cell.key] = (cell, _below(self.state(cell), above, retry_failed))
            states[cell.key] = known[cell.key]
        return states


def _below(state: str, above: set[str], retry_failed: bool) -> str:
    if state != "missing":
        return state
    if "blocked" in above or ("failed" in above and not retry_failed):
        return "blocked"
    return "unsupported" if "unsupported" in above else state


def wanted(state: str, rerun: str) -> bool:
    """True if a cell in this state is computed under a `rerun` policy."""
    return rerun == "all" or state == "missing" or state == rerun


def survey(study: Study) -> dict[str, States]:
    """{unit id: {key: (cell, state)}} for every unit, arm and group; groups see what blocks their models."""
    stored, cells = StoredCells.of(study), Cells(study)
    retry = study.settings["rerun"] in ("failed", "all")
    everything: States = {}
    return {unit.id: stored.add(cells.of(unit), everything, retry) for unit in study.everything}


def cell_counts(surveyed: dict[str, States]) -> Counter[tuple[str, str]]:
    """Distinct cells by (stage, state)."""
    distinct = {key: pair for states in surveyed.values() for key, pair in states.items()}
    return Counter((cell.stage, state) for cell, state in distinct.values())
