"""Verbs of Hydra's options --cfg and --info, which show the configuration in place of doing anything."""

from bench.config import shown
from bench.verbs.command import Command


def cfg(command: Command) -> int:
    """Print the configuration of the first pair of simulator and network."""
    asked = command.asked
    assert asked is not None, "the option was given"
    print(
        shown.configuration(command.overrides, command.config_dirs, asked.which, asked.package, asked.resolve), end=""
    )
    return 0


def info(command: Command) -> int:
    """Print how Hydra finds the configuration."""
    assert command.asked is not None, "the option was given"
    shown.information(command.overrides, command.config_dirs, command.asked.which)
    return 0
