"""Failures: why a cell has no value, kept until its code or key changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.contracts import Status
from bench.store.artefacts import Artefacts

FAILURES = "failures"


def record(
    store: Artefacts, name: str, key: str, cell: Mapping[str, Any], status: Status, reason: str, trace: str = ""
) -> None:
    """Keep the failure of a cell in place of an earlier one; that is never a hit.

    cell: what is known of it beside its value. `rerun=failed` tries again, except where a method is `unsupported`,
    which trying again will not change.
    """

    def write(folder: Path) -> None:
        (folder / "traceback.txt").write_text(trace)

    about = {**cell, "status": status.value, "reason": reason}
    store.put(FAILURES, name, key, write, about, replace=True)


def read(store: Artefacts, key: str) -> dict[str, Any] | None:
    """The record of a failure; None where there is none that can be read."""
    return store.known(FAILURES, key)
