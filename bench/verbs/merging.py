"""Verb that joins what several machines computed."""

from pathlib import Path

from bench.contracts import BadInput
from bench.store.merge import Merge
from bench.verbs.command import Command


def merge(command: Command) -> int:
    """Bring what other results folders hold into this one; each is looked at before any of it is copied."""
    study, _ = command.study()
    if not command.words:
        raise BadInput("merge is not possible: give the results folders to bring in, e.g. merge results_a results_b")
    for word in command.words:
        folder = Path(word).expanduser()
        store = folder / "store" if (folder / "store").is_dir() else folder
        if store.resolve() == study.store.resolve():
            raise BadInput(f"{word} is the results folder itself; give those of other machines, or paths.results=...")
        merged = Merge(study.store, store).run()
        print(f"{word}: {merged.artefacts} artefacts and {merged.shards} shards of scores brought into {study.store}")
    return 0
