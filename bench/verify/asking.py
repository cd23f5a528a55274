"""Plug-ins asked before a study computes: what they are asked, and what follows from an answer.

Asked is what no test of ours knows: a class that is not ours keeps its contract on small probes, and settings that are
not those of our files fit the networks and grids of the study. A breach would give wrong numbers without a word, so it
refuses the study. What fails aloud, or does not answer, costs its own rows at work and refuses nothing but a network
that cannot read the images, as nothing can be computed with it.
"""

import logging
import multiprocessing
import pkgutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from bench import checks
from bench.contracts import BadInput
from bench.launch import child
from bench.plan.cells import Cells
from bench.plan.shipped import is_as_shipped, is_shipped
from bench.store import schema
from bench.store.keys import key
from bench.store.sources import of_modules
from bench.study import Study
from bench.verify import answers

#: the folder of the store that holds who gave good answers
STAGE = "asked"
#: longest time that one plug-in may take to answer
ANSWER_S = 60.0
log = logging.getLogger("bench.verify.asking")


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
        waiting = waiting[len(answered) :]
        if waiting:
            silent, *waiting = waiting
            who = f"{silent.group[:-1]} {silent.label}"
            log.warning("%s did not answer the checks in %g s, or died of them; its own cells will tell", who, ANSWER_S)


def questions(study: Study) -> Iterator[Question]:
    """Who is asked: classes that are not ours, and methods and networks with settings that are not in our files."""
    cells, asked_by = Cells(study), of_modules((answers.__name__, *_names_of_checks()))
    places = sorted(
        {(cells.describe("networks", u.network), cells.describe("simulators", u.simulator)) for u in study.units}
    )
    for group in ("networks", "methods", "metrics"):
        for label in study.node_names(group):
            node, ours = study.node(group, label), is_shipped(study.node(group, label))
            if ours and (group == "metrics" or is_as_shipped(group, node)):
                continue
            about = {"plug-in": cells.describe(group, label), "source": cells.source(group, label)}
            yield Question(group, label, key({**about, "places": places, "checks": asked_by}), ours)


def _names_of_checks() -> list[str]:
    return [f"{checks.__name__}.{module.name}" for module in pkgutil.iter_modules(checks.__path__)]


def _answered(study: Study, waiting: Sequence[Question]) -> list[str]:
    """What is wrong with each plug-in or "", up to the first that does not answer, which may be none."""
    here, there = multiprocessing.Pipe(duplex=False)
    asked = [(question.group, question.label, question.ours) for question in waiting]
    preload = [*child.PRELOAD, child.OPTIMISER, answers.__name__]
    # a copy holds no plug-in that was made here, which need not be what can be sent
    process = child.started(preload, answers.give, (replace(study), asked, there))
    there.close()
    if process is None:
        return []
    try:
        return list(_heard(here, len(waiting)))
    finally:
        child.stop(process)


def _heard(here: Connection, count: int) -> Iterator[str]:
    with suppress(OSError, EOFError):
        # the first word says that the process is there: imports are no plug-in's fault
        for place, limit in enumerate((child.START_S, *[ANSWER_S] * count)):
            if not here.poll(limit):
                return
            word = here.recv_bytes().decode()
            if place:
                yield word


def _nothing(folder: Path) -> None:
    """That the record stands is all there is to say."""
