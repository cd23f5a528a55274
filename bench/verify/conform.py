"""The verdict of the conformance checks on each plug-in, which no other plug-in has a part in."""

import json
import multiprocessing
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bench.contracts import BadInput
from bench.launch import child
from bench.launch.deaths import deaths_of_memory, how_ended
from bench.launch.spoken import spoken
from bench.study import Study
from bench.verify import verdicts


def conform(study: Study, arguments: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(plug-in, check and what it found, what is wrong or "") of every check on every plug-in the command names.

    Raises:
        BadInput: where the command names none.
    """
    named = [group for group in verdicts.CHECKS if any(a.startswith(group[:-1]) for a in arguments)]
    if not named:
        raise BadInput("name what to check, e.g. check 'method=[gradient]' or check simulator=focal")
    for group in named:
        for label in study.node_names(group):
            yield from ((label, *verdict) for verdict in _verdicts(study, group, label))


def _verdicts(study: Study, group: str, label: str) -> Iterator[tuple[str, str]]:
    """Of every check, from as many processes as it takes: one that was spoilt or died is left."""
    first: int | None = 0
    while first is not None:
        first = yield from _of_one_process(study, group, label, first)


def _of_one_process(study: Study, group: str, label: str, first: int) -> Generator[tuple[str, str], None, int | None]:
    """Verdicts from the check at `first` on; returns the place to go on at in another process, if any."""
    place, name = first, verdicts.MADE
    with _asked(study, group, label, first) as hear:
        while True:
            with spoken(f"{label}: {name}"):
                kind, *texts = hear()
            if kind == "refused":
                raise BadInput(texts[0])
            if kind == "over":
                return None
            if kind == "check":
                name = texts[0]
                continue
            yield (texts[0], texts[1]) if kind != "ended" else (name, texts[0])
            place += 1
            if kind != "verdict":
                return None if name == verdicts.MADE else place


@contextmanager
def _asked(study: Study, group: str, label: str, first: int) -> Iterator[Callable[[], list[str]]]:
    """A process that checks a plug-in; hear() is what it says next, or how it ended."""
    here, there = multiprocessing.Pipe(duplex=False)
    killed = deaths_of_memory()
    # a copy holds no plug-in that was made here, which need not be what can be sent
    process = child.started(
        [*child.PRELOAD, verdicts.__name__], verdicts.judge, (replace(study), group, label, first, there)
    )
    there.close()
    if process is None:
        raise BadInput("no process could be started; end others, and issue the same command again")

    def hear() -> list[str]:
        try:
            return list(json.loads(here.recv_bytes()))
        except (EOFError, OSError):
            process.join()
            return ["ended", f"the process {how_ended(process.exitcode or 0, deaths_of_memory() > killed)}"]

    try:
        yield hear
    finally:
        child.stop(process)
        here.close()
