"""Tables of an export that say who is in it: participants, and the sessions of persons who came more than once."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from bench.contracts import Cohort
from bench.explore.export.layout import About, Layout, write_json, write_table

#: columns of participants.tsv in front of what was drawn
COLUMNS = {
    "participant_id": "row number of the subject in the cohort, from 1",
    "target": "what a network is asked to predict: class number (0 is a control) or value",
    "subject": "number of the subject in its stream",
    "stream": "stream of random numbers the subject is drawn from",
    "data_seed": "data seed of the simulator; the evaluation stream is the same for all",
}
#: of a column of exports of scans alone
SOURCE = "scan that the subject's head was taken from, by its name within the folder of scans"
#: those that a person has once, however often it came, and how persons are numbered
ONCE = ("participant_id", "target", "stream", "data_seed")
PERSON = "number of the person, from 1"
#: columns of a person's sessions in front of what was drawn
VISIT = {
    "session_id": "visit of the person; those that were missed have no number",
    "months": "time since the first visit, in months",
    "age": "age in years",
    "row": "row number of the image in the cohort, from 1: maps of it made elsewhere are called sub-<row>",
}
#: descriptions of all columns of sessions, for every participant
SESSIONS = "sessions.json"


def write(layout: Layout, cohort: Cohort, about: About) -> None:
    """Write participants.tsv, the sessions of each participant where there are visits, and what their columns mean."""
    table = _rows(layout, cohort, about)
    descriptions = {**COLUMNS, **VISIT, "source": SOURCE, **about.descriptions}
    people = table.drop_duplicates("participant_id")
    if about.visits:
        descriptions["participant_id"] = PERSON
        visits = table.drop(columns=[*ONCE])
        for person, rows in visits.groupby(table["participant_id"]):
            write_table(sessions(layout.folder, str(person)), rows)
        _describe(layout.folder / SESSIONS, visits, descriptions)
        people = people.loc[:, [*ONCE]]
    write_table(layout.folder / "participants.tsv", people)
    _describe(layout.folder / "participants.json", people, descriptions)


def sessions(folder: Path, person: str) -> Path:
    """The table of a person's sessions."""
    return folder / person / f"{person}_sessions.tsv"


def _rows(layout: Layout, cohort: Cohort, about: About) -> pd.DataFrame:
    """All that is known of each image of a cohort, a row each."""
    who = [name.split("_") for name in layout.names(len(cohort))]
    first = {
        "participant_id": [name[0] for name in who],
        "target": cohort.targets.tolist(),
        "subject": cohort.subjects.tolist(),
        "stream": about.stream,
        "data_seed": about.data_seed,
    }
    if about.visits:
        seen = {
            "session_id": [name[1] for name in who],
            "months": [visit.months for visit in about.visits],
            "age": [visit.age for visit in about.visits],
            "row": np.arange(len(cohort)) + 1,
        }
        first = {**seen, **first}
    sources = {"source": list(about.sources)} if about.sources else {}
    drawn = pd.DataFrame(list(about.records), index=range(len(about.records)))
    return pd.DataFrame({**first, **sources}).join(drawn)


def _describe(path: Path, table: pd.DataFrame, descriptions: Mapping[str, str]) -> None:
    columns = (name for name in map(str, table) if name in descriptions)
    write_json(path, {name: {"Description": descriptions[name]} for name in columns})
