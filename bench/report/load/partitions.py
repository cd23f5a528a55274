"""Work on the partitions of a study: one after the other, or, where they are many rows, side by side."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

import pandas as pd
import pyarrow.parquet as pq

from bench.report.load.study import Study

Found = TypeVar("Found")
Work = Callable[[Study, str, str, pd.DataFrame], Found]
#: rows from which processes pay their start
LARGE = 5_000_000
#: each holds a partition in memory
PROCESSES = 2


def each(study: Study, work: Work[Found]) -> list[Found]:
    """What `work(study, simulator, network, scores)` gives of every partition, sorted by name.

    work: a function of a module. A process holds one partition at a time. Raises BadTables.
    """
    one = partial(_one, study, work)
    if rows(study) < LARGE:
        return [one(where) for where in study.parts]
    # spawned, because a fork may copy a lock that a thread of pyarrow holds
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(one, study.parts))


def rows(study: Study) -> int:
    """How many score rows a study has, from the files' own counts."""
    return sum(pq.read_metadata(file).num_rows for files in study.parts.values() for file in files)


def _one(study: Study, work: Work[Found], where: tuple[str, str]) -> Found:
    return work(study, *where, study.partition(*where))
