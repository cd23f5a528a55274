"""All that is known of one key: its record, its seeds, and the command that makes it again and nothing beside it."""

import contextlib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.config import compose
from bench.config.overrides import SEEDS, key_of
from bench.contracts import BadInput
from bench.plan.cells import Cells
from bench.stages.stage import Cell
from bench.study import PLAN, Study

#: results of a reproduction go here, because in a folder that holds them nothing would be computed
AGAIN = "results/reproduced"


def record(study: Study, key: str, overrides: Sequence[str], config_dirs: Sequence[Path]) -> dict[str, Any]:
    """The record behind a key; of a cell of this study also its seeds and the command that reproduces it.

    Raises:
        BadInput: where nothing stored has the key.
    """
    known = _stored(study, key)
    cell = next((c for u in study.everything for c in Cells(study).of(u) if c.key == key), None)
    if cell is None:
        return {**known, "reproduce": _elsewhere(study, key)}
    unit = cell.unit
    seeds = {} if unit.group else {"data": unit.data_seed, "init": unit.init_seed, "order": unit.order_seed}
    return {**known, "seeds": seeds, "reproduce": shlex.join(command(study, cell, overrides, config_dirs))}


def _elsewhere(study: Study, key: str) -> str:
    """The sentence on a cell of another study: which of those planned in this results folder has it."""
    for path in sorted(Path(study.results).glob(f"*/{PLAN}")):
        # a plan that other code wrote tells nothing
        with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError):
            other = Study.load(path)
            if any(cell.key == key for unit in other.everything for cell in Cells(other).of(unit)):
                return f"planned by the study in {path.parent}: show {key} study={other.name}, with its other overrides"
    return f"no study planned in {study.results} has it: name the one that did, show {key} study=..."


def command(study: Study, cell: Cell, overrides: Sequence[str], config_dirs: Sequence[Path]) -> list[str]:
    """The command of `overrides` narrowed to one cell of their study, into an empty results folder."""
    composed, unit = compose.study(overrides, config_dirs), cell.unit
    pick = dict(composed.chosen[unit.simulator, unit.network])
    for group, label in (("method", cell.method), ("metric", cell.metric)):
        pick |= composed.chosen[group, label] if label else {}
    if study.training(unit).get("pretrain"):
        pick.pop("simulator")
    if not unit.group:
        pick |= _seeds(study, cell)
    pick |= {"paths.results": f"{AGAIN}/{cell.key}"}
    gone = {*pick, "rerun", "part", *(SEEDS if not unit.group else ())}
    kept = [line for line in overrides if key_of(line) not in gone]
    folders = [part for folder in config_dirs for part in ("--config-dir", str(folder))]
    return ["python", "-m", "bench", "run", *kept, *(f"{k}={v}" for k, v in pick.items()), *folders]


def _seeds(study: Study, cell: Cell) -> dict[str, str]:
    unit = cell.unit
    crossed = "init" in study.settings["seed"] and study.settings["seed"]["init"]
    model = {"seed.init": unit.init_seed, "seed.order": unit.order_seed} if crossed else {"seed.model": unit.model_seed}
    return {"seed.data": str(unit.data_seed), **{k: str(v) for k, v in model.items()}}


def _stored(study: Study, key: str) -> dict[str, Any]:
    artefacts, scores = study.artefacts(), study.scores()
    for stage in artefacts.stages():
        if record := artefacts.known(stage, key):
            return record
    for cell in scores.cells():
        if key in (cell, *(known := scores.known(cell))):
            return known if key == cell else known[key]
    raise BadInput(f"no stored result has the key {key}")
