"""Verb that scores maps made elsewhere, as those of one more method of a study."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.contracts import BadInput
from bench.contracts.names import known
from bench.stages.context import EVALUATION
from bench.study import Study
from bench.verbs.command import Command
from bench.verbs.computing import run

TARGET = "methods.outside.OutsideMaps"
#: what of the command is about the maps, and no override
MAPS, QUANTITY = "maps=", "quantity="


@dataclass
class ScoreCommand(Command):
    """A command whose study has one more method: the maps of a folder, under the folder's name.

    quantity: `location` or `sensitivity`, what a value of theirs is.
    """

    folder: str = ""
    quantity: str = "location"

    def study(self) -> tuple[Study, list[str]]:
        """The planned study with these maps, which fit its models and subjects."""
        planned, lines = super().study()
        return with_maps(planned, self.folder, self.quantity), lines


def score(command: Command) -> int:
    """Score the maps of a folder beside those of a study, in the same tables; what the study lacks is computed."""
    folders, quantities = (_taken(command.overrides, name) for name in (MAPS, QUANTITY))
    if len(folders) != 1:
        raise BadInput("score takes one folder of maps; give it as maps=FOLDER, with one folder a model in it")
    others = [text for text in command.overrides if not text.startswith((MAPS, QUANTITY))]
    quantity = quantities[-1] if quantities else ScoreCommand.quantity
    return run(ScoreCommand(others, command.config_dirs, command.words, folder=folders[0], quantity=quantity))


def _taken(overrides: Sequence[str], name: str) -> list[str]:
    return [text.removeprefix(name) for text in overrides if text.startswith(name)]


def with_maps(study: Study, folder: str, quantity: str = "location") -> Study:
    """A study with the maps of a folder as those of one more method.

    Raises:
        BadInput: naming what of the folder does not fit the study.
    """
    label = Path(folder).expanduser().resolve().name
    if not re.fullmatch("[a-z][a-z0-9_]*", label):
        raise BadInput(f"maps={folder} is not possible: give a folder named as its rows are to be, in a-z, 0-9 and _")
    if label in study.methods:
        raise BadInput(f"{folder}: the study has a method {label} already; rename the folder")
    node = {"_target_": TARGET, "folder": folder, "quantity": quantity}
    added = replace(study, methods={**study.methods, label: node})
    maps = added.make("methods", label)
    if not maps.models:
        raise BadInput(f"{folder}: holds no folder of a model; name one as 'python -m bench export' does")
    units = {unit.id: unit for unit in study.units}
    for model in maps.models:
        known(f"maps={folder}", "model", model, units)
        # an amplitude changes no grid
        place = study.make("simulators", units[model].simulator).with_amplitude(0.5)
        affine = place.cohort(range(1), EVALUATION).affine
        maps.check(model, range(study.settings["explain"]["subjects"]), place.shape, affine)
    return added
