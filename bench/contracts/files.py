"""Components that read files of the user's: what the files hold is part of what a result depends on."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from bench.contracts.errors import BadInput


@runtime_checkable
class FromFiles(Protocol):
    """A component of any kind whose values come from files that its configuration names.

    Its key holds the bytes of the files beside their names, so that a file that changes makes results anew.
    """

    @staticmethod
    def files_of(node: Mapping[str, Any]) -> Iterable[Path]:
        """Every file that is read under a configuration with all its arguments, in an order of its own."""


def users_path(text: str) -> Path:
    """A path that the user typed, `~` standing for a home where there is such a user; there need not be anything.

    Raises:
        BadInput: nothing can have such a name.
    """
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        path = Path(text)
    try:
        path.exists()
    except OSError as error:
        sentence = f"{text}: is no path of this machine ({error.strerror}); give one of a file or folder"
        raise BadInput(sentence) from error
    return path


def participant(subject: int) -> str:
    """The name of an explained subject in an export, and of the files of maps that are made of it elsewhere."""
    return f"sub-{subject + 1:04d}"
