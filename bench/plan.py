"""From a command to a checked plan: everything is built once, before the first second of compute."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.config import compose
from bench.config.build import build, check_complete
from bench.config.suggest import nearest
from bench.contracts import BadInput, View
from bench.ledger import GIVEN_UP, RERUN, survey, wanted
from bench.provenance import ROOT
from bench.stages import effects, images, simulate, train, truths
from bench.study import PAGE, PLAN, Node, Study, Unit

SIGNS = ("abs", "signed", "positive", "negative")


def study(arguments: Sequence[str], config_dirs: Sequence[Path] = ()) -> tuple[Study, list[str]]:
    """The study that override lines mean, every plug-in built, and the lines meant for Hydra's launcher.

    Raises BadInput for anything that could not run.
    """
    made = compose.study(arguments, config_dirs)
    settings = made.settings
    check_settings(settings)
    results = Path(settings["paths"]["results"])
    seeds = {axis: _seeds(axis, settings["seed"][axis]) for axis in ("data", "model")}
    settings["seed"] = seeds
    # Model seeds outermost, data seeds innermost: units side by side then draw different subjects, not the same twice.
    units = [
        Unit(s, n, d, m)
        for m in seeds["model"]
        for n in made.networks
        for s, other in made.arms
        if other == n
        for d in seeds["data"]
    ]
    parts = (made.simulators, made.networks, made.trains, made.methods, made.metrics)
    found = Study(settings["name"], str(ROOT / results), settings, *parts, units=units)
    check_plugins(found)
    return found, made.launch


def with_work(study: Study) -> Study:
    """The study with the cells to compute, by unit, under its `rerun` policy."""
    rerun = study.settings["rerun"]
    found = survey(study)
    todo = {u: [k for k, (_, state) in cells.items() if wanted(state, rerun)] for u, cells in found.items()}
    lost = {
        u: [k for k, (_, state) in cells.items() if state in GIVEN_UP and not wanted(state, rerun)]
        for u, cells in found.items()
    }
    work = {u: keys for u, keys in todo.items() if keys}
    return replace(study, todo=work, lost=lost, run=uuid.uuid4().hex[:12], replace=rerun in ("all", "stale"))


def rendered(study: Study) -> bool:
    """Whether this very study was planned before, has nothing to compute, and has its page."""
    path = study.folder / PLAN
    if not path.exists() or not (study.folder / PAGE).exists() or with_work(study).todo:
        return False
    return _asked(Study.load(path)) == _asked(study)


def _asked(study: Study) -> Study:
    """A study without what one call adds to it."""
    return replace(study, run="", replace=False, todo={}, lost={})


def check_settings(settings: Node) -> None:
    """Refuse impossible values, naming the key and its range."""
    explained = settings["explain"]["subjects"]
    simulate.validate(explained, settings["explain"]["pairs"])
    use = settings["use"]
    truths.validate(use["draws"], use["subjects"], explained)
    effects.validate(use["players"])
    if settings["timeout_s"] < 1:
        raise BadInput(f"timeout_s={settings['timeout_s']} is not possible: give 1 or more seconds")
    if settings["rerun"] not in RERUN:
        raise BadInput(f"rerun={settings['rerun']}: no such policy{nearest(str(settings['rerun']), RERUN)}")
    maps = settings["maps"]
    if maps not in ("all", "none") and not (isinstance(maps, int) and maps >= 0):
        raise BadInput(f"maps={maps} is not possible: give all, none, or how many subjects' maps to keep")
    for i, view in enumerate(settings["views"]):
        _check_view(View(**view), f"views[{i}]")


def _check_view(view: View, path: str) -> None:
    if view.sign not in SIGNS:
        raise BadInput(f"{path}.sign={view.sign}: no such sign{nearest(str(view.sign), SIGNS)}")
    if view.fwhm_mm < 0:
        raise BadInput(f"{path}.fwhm_mm={view.fwhm_mm} is not possible: give 0 or more millimetres")


def check_plugins(study: Study) -> None:
    """Build every simulator, network, method and metric of a study, and check how its networks are trained."""
    trusted = tuple(study.settings["trusted"])
    _check_budgets(study)
    for unit in study.units:
        train.validate(study.training(unit))
        images.sizes(study.training(unit))
    for group in ("methods", "metrics"):
        if not study.node_names(group):
            raise BadInput(f"no {group} are chosen; name some, e.g. '{group[:-1]}=[...]' or {group[:-1]}=all")
        for label in study.node_names(group):
            check_complete(study.node(group, label), trusted, f"{group[:-1]}.{label}")
            _check_tagged(study.make(group, label), f"{group[:-1]}.{label}")
    for simulator, network in dict.fromkeys((u.simulator, u.network) for u in study.units):
        made = study.make("simulators", simulator)
        shape, outputs = made.shape, getattr(made, "outputs", 2)
        build(study.networks[network], (), ("bench.networks", *trusted), "network", in_shape=shape, outputs=outputs)


def _check_budgets(study: Study) -> None:
    for simulator, budget in study.settings["budgets"].items():
        known = {key for settings in study.trains.values() for key in settings}
        for key in set(budget) - known:
            raise BadInput(f"budgets.{simulator}.{key}: train has no such key{nearest(key, known)}")


def _check_tagged(plugin: Any, path: str) -> None:
    for attribute in ("version", "reference", "tags"):
        if not getattr(plugin, attribute, None):
            raise BadInput(f"{path}: {type(plugin).__name__} must state its {attribute} as a class attribute")


def _seeds(axis: str, value: Any) -> list[int]:
    seeds = list(value) if isinstance(value, list | tuple) else [value]
    if not seeds or not all(isinstance(s, int) and not isinstance(s, bool) and s >= 0 for s in seeds):
        raise BadInput(f"seed.{axis}={value} is not possible: give whole numbers from 0, e.g. 'seed.{axis}=[0,1,2]'")
    return list(dict.fromkeys(seeds))
