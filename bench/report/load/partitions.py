"""Work on the partitions of a study: one after the other, or, where they are many rows, side by side."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

import pandas as pd

from bench.report.load.files import count_rows
from bench.report.load.results import Results

Outcome = TypeVar("Outcome")
Work = Callable[[Results, str, str, pd.DataFrame], Outcome]
#: rows from which processes pay their start
LARGE = 5_000_000
#: each holds a partition in memory
PROCESSES = 2


def each(results: Results, work: Work[Outcome]) -> list[Outcome]:
    """Results of `work(results, simulator, network, scores)` for every partition, sorted by name.

    work: a function of a module. A process holds one partition at a time. Raises BadTables.
    """
    one = partial(_one, results, work)
    if rows(results) < LARGE:
        return [one(where) for where in results.parts]
    # spawned, because a fork may copy a lock that a thread of pyarrow holds
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(one, results.parts))


def rows(results: Results) -> int:
    """Number of score rows of a study, from the files' own counts."""
    return sum(count_rows(file) for files in results.parts.values() for file in files)


def _one(results: Results, work: Work[Outcome], where: tuple[str, str]) -> Outcome:
    return work(results, *where, results.partition(*where))
