"""Commit and machines of a study's rows: an edition is computed at one commit, with nothing uncommitted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bench.contracts import BadInput
from bench.store import files

ABOUT = "study.json"
#: of what `provenance.machine` records, what is said of the commit
_COMMIT = ("git_sha", "git_dirty")
ANEW = "compute the study in an empty results folder, paths.results=..., at one commit"
#: digits of a commit in a sentence
SHORT = 12


def commit_of(folder: Path, rows: pd.DataFrame) -> tuple[str, list[dict[str, Any]]]:
    """The commit of all rows of provenance.parquet, and the machines with versions that computed them.

    Raises:
        BadInput: naming rows of another commit or of none, or tables that were written at another.
    """
    first = rows.drop_duplicates("machine").to_dict("records")
    machines: list[dict[str, Any]] = [json.loads(row["machine"]) for row in first]
    commits: dict[str, Mapping[Any, Any]] = {}
    for row, machine in zip(first, machines, strict=True):
        if machine["git_dirty"] or not machine["git_sha"]:
            state = "with uncommitted changes" if machine["git_dirty"] else "outside of a checkout"
            raise BadInput(f"{folder}: {cell_in_words(row)} was computed {state}; commit all, then {ANEW}")
        commits.setdefault(machine["git_sha"], row)
    if len(commits) != 1:
        each = " and ".join(f"{sha[:SHORT]} ({cell_in_words(row)})" for sha, row in commits.items())
        raise BadInput(f"{folder} mixes rows of {len(commits)} commits, {each}; {ANEW}")
    commit = next(iter(commits))
    _check_tables(folder, commit)
    versions = [json.dumps({k: v for k, v in m.items() if k not in _COMMIT}) for m in machines]
    return commit, [json.loads(text) for text in dict.fromkeys(versions)]


def cell_in_words(row: Mapping[Any, Any]) -> str:
    """A row of provenance.parquet, for people."""
    cell = " ".join(filter(None, (row["stage"], row["method"], row["metric"])))
    return f"the cell {row['key']} ({cell} of {row['unit']})"


def _check_tables(folder: Path, commit: str) -> None:
    about = files.json_object(folder / ABOUT)
    if about["git_dirty"] or about["git_sha"] != commit:
        state = "with uncommitted changes" if about["git_dirty"] else f"at commit {about['git_sha'][:SHORT]}"
        raise BadInput(
            f"{folder}: the tables were written {state}, and their rows at commit {commit[:SHORT]}; check that out and "
            "write them anew with 'python -m bench tables', then 'python -m bench report'"
        )
