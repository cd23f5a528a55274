"""A call at work on a study's results: while it is, other calls leave the caches that it reads."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace

from bench.launch import caches
from bench.launch.heart import folder, mark_owner
from bench.plan.plan import new_run
from bench.store import files
from bench.study import PLAN, Study


@contextlib.contextmanager
def at_work(study: Study) -> Iterator[None]:
    """A call has a folder while it is at work, with its plan, which says what it reads, and its process.

    Raises:
        BadInput: where the folder cannot be made.
    """
    beats = folder(study)
    try:
        with files.sentence_if_unwritable(beats):
            files.make_way(beats.parent)
            files.make_folder(beats)
            # a plan of its own, because another call may plan the same study while this one works
            study.write(beats / PLAN)
            mark_owner(study)
        yield
    finally:
        shutil.rmtree(beats, ignore_errors=True)


@contextlib.contextmanager
def reading_caches(study: Study) -> Iterator[Study]:
    """A study as a call of its own that makes caches on its way outside of units; they are deleted once it is done.

    What it did not finish is left to the next call, which goes on from there.
    """
    call = replace(study, run=new_run())
    with contextlib.ExitStack() as stack:
        # where nothing can be written there are no caches to keep, and a check of a method needs none
        with contextlib.suppress(files.Unwritable):
            stack.enter_context(at_work(call))
        yield call
        caches.drop(call)
    # a verb of its own leaves no folder in which nothing is
    with contextlib.suppress(OSError):
        folder(call).parent.rmdir()
        call.folder.rmdir()
