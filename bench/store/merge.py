"""Merge of stores: what was computed elsewhere of the same cells joins a store, or nothing does.

Cells are known by their keys, so that parts of a study from several machines become one study. What both stores hold
must be the same; where it is not, results that rest on either would stand side by side as if they were of one.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from bench.contracts import BadInput
from bench.store import files, schema, scores
from bench.store.artefacts import SCORES, Artefacts, Damaged, verified_record
from bench.store.dropped import DROPPED
from bench.store.failures import FAILURES
from bench.store.scores import Scores

#: stages whose artefacts say what happened on a machine, and are no result that two could contradict each other in
ACCOUNTS = (DROPPED, FAILURES)


class Merged(NamedTuple):
    """What a store was given: artefacts, and shards of scores."""

    artefacts: int
    shards: int


@dataclass(frozen=True)
class Merge:
    """Copies to come into the store at `root` from another; nothing is written before all of it was looked at.

    Raises:
        BadInput: where the other is no store of this schema, holds something damaged, or contradicts this one.
    """

    root: Path
    other: Path

    def __post_init__(self) -> None:
        if not (self.other / schema.MARK).is_file():
            raise BadInput(f"{self.other} is no store; give the results folder of a study, which holds one")
        schema.check_store(self.other)

    @property
    def computed(self) -> set[str]:
        """The keys of the models in the other store, and of its folders of scores."""
        return {*Artefacts(self.other).keys("train"), *Scores(self.other / SCORES).cells()}

    def run(self) -> Merged:
        """Look at everything, then copy what is not there yet."""
        try:
            artefacts, shards = list(self._artefacts()), list(self._shards())
        except Damaged as error:
            mend = f"'python -m bench store verify paths.results={self.other.parent}' drops it"
            raise BadInput(f"{error}: nothing is merged; {mend}, and what is left can be merged") from error
        schema.claim(self.root)
        for folder in artefacts:
            target = self.root / folder.parent.name / folder.name
            with files.scratch(target) as copy:
                shutil.copytree(folder, copy, dirs_exist_ok=True)
                files.publish(copy, target)
        for path in shards:
            files.write_bytes(self.root / SCORES / path.parent.name / path.name, path.read_bytes())
        return Merged(len(artefacts), len(shards))

    def _artefacts(self) -> Iterator[Path]:
        """Folders of the other store that this one lacks."""
        ours, theirs = Artefacts(self.root), Artefacts(self.other)
        for stage in theirs.stages():
            for key, folder in theirs.keys(stage).items():
                record, here = verified_record(folder), ours.known(stage, key)
                if here is None:
                    yield folder
                elif stage not in ACCOUNTS and here["files"] != record["files"]:
                    self._refuse(f"{stage} {folder.name}", here, record)

    def _shards(self) -> Iterator[Path]:
        """Shards of the other store that hold what this one lacks."""
        ours = Scores(self.root / SCORES)
        for key, folder in Scores(self.other / SCORES).cells().items():
            rows, records = ours.read(key)
            for path, table in scores.verified_shards(folder).items():
                further = scores.records(table)
                both = sorted(further.keys() & records.keys())
                if both and not _of(rows, both).equals(_of(table.to_pandas(), both)):
                    self._refuse(f"scores {folder.name}", records[both[0]], further[both[0]])
                if len(both) < len(further):
                    yield path

    def _refuse(self, what: str, here: dict[str, Any], there: dict[str, Any]) -> None:
        places = " and ".join(f"on {record.get('date', 'an unknown date')}" for record in (here, there))
        raise BadInput(
            f"{what} was computed in {self.root} and in {self.other} ({places}) with different results, so that they "
            "are not of one study: keep the results that rest on one of them"
        )


def _of(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The rows of some metric keys, in an order of their own."""
    chosen = rows[rows["metric_key"].isin(keys)]
    return chosen.sort_values(list(chosen.columns), ignore_index=True)
