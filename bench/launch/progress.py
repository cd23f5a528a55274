"""Bars and lines of progress, drawn from heartbeats."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from tqdm import tqdm

from bench.launch.expected import Beats, ExpectedWork
from bench.launch.heart import Heart, folder
from bench.launch.spoken import watched_by
from bench.study import Study

REFRESH_S = 0.5
#: how long a log may be silent
SILENCE_S = 60.0


@contextlib.contextmanager
def progress_bar(study: Study, work: ExpectedWork, title: str) -> Iterator[None]:
    """Show the progress of units while they run: a bar on a terminal, else lines."""
    view = _bar if sys.stderr.isatty() else _lines
    with watched_by(partial(view, study, work, title)):
        yield


class LastBeats:
    """The last beats of the units, each read until it is finished, where there is a file to read."""

    def __init__(self, study: Study, work: ExpectedWork) -> None:
        self.study, self.known = study, dict[str, dict[str, Any]]((unit, {}) for unit in work.units)

    def read(self) -> dict[str, dict[str, Any]]:
        """As they are now."""
        for path in folder(self.study).glob("*.json"):
            if not self.known.get(path.stem, {"finished": True}).get("finished"):
                self.known[path.stem] = Heart(path).read()
        return self.known


def _busy(beats: Beats) -> str:
    """What is being done, and how far it is."""
    at_work = [(unit, beat) for unit, beat in beats.items() if beat and not beat.get("finished")]
    return "; ".join(f"{u}: {b['title']}" + (f" {b['share']:.0%}" if b["share"] else "") for u, b in at_work)


def _bar(study: Study, work: ExpectedWork, title: str, over: threading.Event) -> None:
    beats = LastBeats(study, work)
    layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
    with tqdm(total=work.total, desc=title, leave=True, file=sys.stderr, smoothing=0, bar_format=layout) as bar:
        while True:
            last = over.wait(REFRESH_S)
            now = beats.read()
            bar.n = min(work.done(now), work.total)
            bar.set_postfix_str(_busy(now)[:80])
            if last:
                return


def _lines(study: Study, work: ExpectedWork, title: str, over: threading.Event) -> None:
    """A line for each unit that ends, and one where nothing was said for a while."""
    read, printed, started = LastBeats(study, work).read, set[str](), time.monotonic()
    spoken = started
    while True:
        last = over.wait(REFRESH_S)
        beats, now = read(), time.monotonic()
        ended = [unit for unit, beat in beats.items() if beat.get("finished") and unit not in printed]
        printed |= {*ended}
        silent = now - spoken > SILENCE_S and not last
        left = work.left(beats, now - started)
        for what in (*ended, *([_busy(beats)] if silent else [])):
            minutes, seconds = divmod(int(now - started), 60)
            times = ", ".join(filter(None, (f"{minutes}:{seconds:02d}", left)))
            print(f"{title}: {len(printed)}/{len(work.units)} {what} ({times})", file=sys.stderr, flush=True)
            spoken = now
        if last:
            return
