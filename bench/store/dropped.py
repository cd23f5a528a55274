"""Dropped caches: what can be made again is deleted once it has been read, and the record of what it cost is kept."""

from typing import Any

from bench.store.artefacts import Artefacts

DROPPED = "dropped"


def discard(store: Artefacts, stage: str, key: str) -> None:
    """Delete an artefact and keep its record; nothing happens when there is none."""
    folder = store.find(stage, key)
    if folder and (record := store.known(stage, key)):
        name = folder.name.removesuffix(f"-{key}")
        store.put(DROPPED, f"{stage}-{name}", key, lambda _: None, {**record, "of": stage}, replace=True)
        store.remove(stage, key)


def read(store: Artefacts, key: str) -> dict[str, Any] | None:
    """The record of an artefact that was dropped, as it was; None where there is none."""
    record = store.known(DROPPED, key)
    return record and {**record, "stage": record["of"]}
