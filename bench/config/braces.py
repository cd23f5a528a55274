"""Paths in which Hydra would read an expression that has no end."""

from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import GrammarParseError

from bench.contracts import BadInput


def check(where: str, path: Path) -> None:
    """Raise BadInput for a path with `${` that is no whole expression: Hydra keeps paths in its configuration."""
    try:
        OmegaConf.create([str(path)])
    except GrammarParseError as error:
        raise BadInput(
            f"{where} {path} is not possible: give a path without '${{', or one that '}}' closes after a name"
        ) from error
