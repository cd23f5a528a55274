"""Verb that scores maps made elsewhere, as those of one more method of a study."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.config.build import TARGET
from bench.contracts import BadInput
from bench.contracts.names import known
from bench.plan.place import OUTSIDE
from bench.stages.context import EVALUATION
from bench.study import Study
from bench.verbs.command import Command
from bench.verbs.computing import run

#: what of the command is about the maps, and no override
MAPS, QUANTITY = "maps=", "quantity="


@dataclass
class ScoreCommand(Command):
    """A command whose study has more methods: the maps of folders, each under its folder's name.

    quantity: `location` or `sensitivity`, what a value of theirs is.
    """

    folders: Sequence[str] = ()
    quantity: str = "location"

    def study(self) -> tuple[Study, list[str]]:
        """The planned study with these maps, which fit its models and subjects, and the command as it was typed."""
        planned, lines = super().study()
        for folder in self.folders:
            planned = with_maps(planned, folder, self.quantity)
        # where the folders lie says nothing of what they hold, and a page has no business with a machine's paths
        maps = [f"{MAPS}{_label(folder)}" for folder in self.folders]
        return replace(planned, command=["score", *planned.command, *maps, f"{QUANTITY}{self.quantity}"]), lines


def score(command: Command) -> int:
    """Score the maps of folders beside those of a study, in the same tables; what the study lacks is computed."""
    folders, quantities = (_taken(command.overrides, name) for name in (MAPS, QUANTITY))
    if not folders:
        raise BadInput("score takes folders of maps; give each as maps=FOLDER, with one folder a model in it")
    others = [text for text in command.overrides if not text.startswith((MAPS, QUANTITY))]
    quantity = quantities[-1] if quantities else ScoreCommand.quantity
    return run(ScoreCommand(others, command.config_dirs, command.words, folders=folders, quantity=quantity))


def _taken(overrides: Sequence[str], name: str) -> list[str]:
    return [text.removeprefix(name) for text in overrides if text.startswith(name)]


def _label(folder: str) -> str:
    return Path(folder).expanduser().resolve().name


def with_maps(study: Study, folder: str, quantity: str = "location") -> Study:
    """A study with the maps of a folder as those of one more method.

    Raises:
        BadInput: naming what of the folder does not fit the study.
    """
    label = _label(folder)
    if not re.fullmatch("[a-z][a-z0-9_]*", label):
        raise BadInput(f"maps={folder} is not possible: give a folder named as its rows are to be, in a-z, 0-9 and _")
    if label in study.methods:
        raise BadInput(f"{folder}: the study has a method {label} already; rename the folder")
    node = {TARGET: OUTSIDE, "folder": folder, "quantity": quantity}
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
        maps.check(model, study.explained, place.shape, affine)
    return added
