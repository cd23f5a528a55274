"""Plug-ins asked before a study computes: what they are asked, and what follows from an answer.

Asked is what no test of ours knows: a class that is not ours keeps its contract on small probes, and settings that are
not those of our files fit the networks and grids of the study. A breach would give wrong numbers without a word, so it
refuses the study. What fails aloud, or does not answer, costs its own rows at work and refuses nothing but a network
that cannot read the images, as nothing can be computed with it.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from bench.contracts import BadInput
from bench.guard.shipped import is_as_shipped, is_shipped
from bench.launch import child
from bench.plan.cells import Cells
from bench.store import schema
from bench.store.keys import key
from bench.store.sources import of_modules
from bench.study import Study
from bench.verify import answers

#: the folder of the store that holds who gave good answers
STAGE = "asked"
#: longest time that one plug-in may take to answer, the start of its process included
ANSWER_S = 60.0


@dataclass(frozen=True)
class Question:
    """One plug-in; key: of its class and settings, its code, what it has to fit, and the checks. ours: its class is."""

    group: str
    label: str
    key: str
    ours: bool


def ask(study: Study) -> None:
    """Ask the plug-ins of a study that are not known to be good, and keep who is.

    Raises:
        BadInput: naming a plug-in and the check that it fails.
    """
    store, waiting = study.artefacts(), list(questions(study))
    waiting = [question for question in waiting if store.known(STAGE, question.key) is None]
    if waiting:
        schema.claim(study.store)
    while waiting:
        answered = _answered(study, waiting)
        for question, complaint in zip(waiting, answered, strict=False):
            if complaint:
                raise BadInput(complaint)
            name = f"{question.group[:-1]}-{question.label}"
            store.put(STAGE, name, question.key, _nothing, {"asked": name})
        # who did not answer is asked again with the next study; its cells fail aloud in this one
        waiting = waiting[len(answered) + 1 :]


def questions(study: Study) -> Iterator[Question]:
    """Who is asked: classes that are not ours, and methods and networks with settings that are not in our files."""
    cells, checks = Cells(study), of_modules((answers.__name__,))
    places = sorted(
        {(cells.describe("networks", u.network), cells.describe("simulators", u.simulator)) for u in study.units}
    )
    for group in ("networks", "methods", "metrics"):
        for label in study.node_names(group):
            node, ours = study.node(group, label), is_shipped(study.node(group, label))
            if ours and (group == "metrics" or is_as_shipped(group, node)):
                continue
            about = {"plug-in": cells.describe(group, label), "source": cells.source(group, label)}
            yield Question(group, label, key({**about, "places": places, "checks": checks}), ours)


def _answered(study: Study, waiting: Sequence[Question]) -> list[str]:
    """What is wrong with each plug-in or "", up to the first that does not answer, which may be none."""
    child.serve_forks([*child.PRELOAD, child.OPTIMISER, answers.__name__])
    context = multiprocessing.get_context("forkserver")
    here, there = context.Pipe(duplex=False)
    asked = [(question.group, question.label, question.ours) for question in waiting]
    process = context.Process(target=answers.give, args=(study, asked, there), daemon=True)
    process.start()
    there.close()
    try:
        return list(_heard(here, len(waiting)))
    finally:
        process.kill()
        process.join()


def _heard(here: Connection, count: int) -> Iterator[str]:
    with suppress(OSError, EOFError):
        for _ in range(count):
            if not here.poll(ANSWER_S):
                return
            yield here.recv_bytes().decode()


def _nothing(folder: Path) -> None:
    """That the record stands is all there is to say."""
