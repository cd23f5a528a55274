"""Components that read files of the user's: what the files hold is part of what a result depends on."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class FromFiles(Protocol):
    """A component of any kind whose values come from files that its configuration names.

    Its key holds the bytes of the files beside their names, so that a file that changes makes results anew.
    """

    @staticmethod
    def files_of(node: Mapping[str, Any]) -> Iterable[Path]:
        """Every file that is read under a configuration with all its arguments, in an order of its own."""


def path_of(text: str) -> Path:
    """The path that a user typed; `~` stands for a home folder, unless there is no such user."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
