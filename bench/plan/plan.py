"""The plan: a command as a checked study, with everything built once before the first second of compute."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.config import braces, compose
from bench.config.architecture import architecture, check_parameters
from bench.config.build import check_complete, resolve
from bench.config.literals import RESULTS
from bench.config.overrides import check_axis, key_of
from bench.contracts import BadInput
from bench.contracts.names import known
from bench.devices.choice import chosen_device
from bench.plan import parts, pretraining
from bench.plan.declarations import check_declarations
from bench.plan.persons import check_followed, check_persons
from bench.plan.settings import check as check_settings
from bench.plan.settings import check_declared, check_headlines, check_size
from bench.plan.states import GIVEN_UP, survey, wanted
from bench.provenance import ROOT
from bench.seeds import crossed
from bench.store import ledger
from bench.store.schema import check_store
from bench.study import PAGE, PLAN, Node, Study, Unit
from bench.training.recipe import Recipe, sizes

#: fields of a simulator that a study sets, with the key by which it does so
SET_BY_STUDY = {"amplitude": "simulator.separability", "data_seed": "seed.data"}
#: units in a row that draw other subjects each, where a study has as many
APART = 4


def study(arguments: Sequence[str], config_dirs: Sequence[Path] = ()) -> tuple[Study, list[str]]:
    """The study that override lines mean, every plug-in built, and the lines meant for Hydra's launcher.

    Raises BadInput for anything that could not run.
    """
    composed = compose.study(arguments, config_dirs)
    settings = composed.settings
    check_settings(settings)
    # a node of a cluster has its own devices, and refuses there
    if settings["device"] != "cpu" and compose.computes_here(composed.launch):
        chosen_device(settings["device"])
    results = Path(settings["paths"]["results"])
    braces.check("paths.results", ROOT / results)
    seeds, models = _all_seeds(settings["seed"])
    settings["seed"] = seeds
    units = [
        Unit(s, n, d, m, pair)
        for m, pair in models.items()
        for block in _blocks(list(composed.simulators), len(seeds["data"]))
        for n in composed.networks
        for s in block
        if (s, n) in composed.pairs
        for d in seeds["data"]
    ]
    nodes = (composed.simulators, composed.networks, composed.trains, composed.methods, composed.metrics)
    # where results lie says nothing of what they are, and a published table has no business with a machine's paths
    typed = [line for line in arguments if key_of(line) != RESULTS]
    typed += [part for folder in config_dirs for part in ("--config-dir", str(folder))]
    planned = Study(
        settings["name"], str(ROOT / results), settings, *nodes, units=units, files=composed.files, command=typed
    )
    _check_ids(planned)
    check_size(planned)
    check_store(planned.store)
    check_plugins(planned)
    check_headlines(planned)
    check_declared(planned, config_dirs)
    return planned, composed.launch


def _blocks(simulators: list[str], data_seeds: int) -> list[list[str]]:
    """Simulators in blocks, within which a network meets every simulator and data seed before the next network does.

    Units side by side then draw different subjects, not the same twice; and the images of a block have been read by all
    networks before those of the next one fill the disk.
    """
    size = -(-APART // data_seeds)
    return [simulators[start : start + size] for start in range(0, len(simulators), size)]


def with_work(study: Study) -> Study:
    """The study with the cells to compute, by unit, under its `rerun` policy.

    Raises BadInput for networks that cannot learn from the subjects of their simulator.
    """
    check_followed(study)
    rerun = study.settings["rerun"]
    surveyed = survey(study)
    ours = parts.of(study)
    asked = {
        u: [k for k, (_, state) in cells.items() if u in ours and wanted(state, rerun)] for u, cells in surveyed.items()
    }
    given_up = {
        u: [k for k, (_, state) in cells.items() if state in GIVEN_UP and not wanted(state, rerun)]
        for u, cells in surveyed.items()
    }
    pending = {u: keys for u, keys in asked.items() if keys}
    caches = {
        u: {cache.key: cache.stage for k in keys for cache in surveyed[u][k][0].caches} for u, keys in pending.items()
    }
    again = rerun in ("all", "stale")
    return replace(study, pending=pending, given_up=given_up, caches=caches, run=new_run(), replace=again)


def new_run() -> str:
    """The name of a call, which no other has."""
    return uuid.uuid4().hex[:12]


def is_finished(study: Study) -> bool:
    """True if this very study was planned before, has nothing to compute, and shows all that was written of it."""
    path = study.folder / PLAN
    if not (study.folder / PAGE).exists() or ledger.disagreeing(study.folder) or with_work(study).pending:
        return False
    try:
        before = Study.load(path)
    except ValueError:
        # written by other code: it is planned anew
        return False
    return _asked(before) == _asked(study)


def _asked(study: Study) -> Study:
    """A study without what one call adds to it."""
    return replace(study, command=[], run="", replace=False, pending={}, given_up={}, caches={})


def check_plugins(study: Study) -> None:
    """Build every simulator, network, method and metric of a study, and check how its networks are trained."""
    trusted = tuple(study.settings["trusted"])
    _check_budgets(study)
    for unit in (*study.units, *study.arms):
        Recipe.of(study.training(unit))
        sizes(study.training(unit))
    _check_arms(study)
    pretraining.check(study)
    for group in ("methods", "metrics"):
        if not study.node_names(group):
            raise BadInput(f"no {group} are chosen; name some, e.g. '{group[:-1]}=[...]' or {group[:-1]}=all")
        for label in study.node_names(group):
            check_complete(study.node(group, label), trusted, study.key(group, label))
            check_declarations(study.make(group, label), group, label)
    for label in study.simulators:
        _check_set_by_study(study.key("simulators", label), study.simulators[label])
        check_declarations(study.make("simulators", label), "simulators", label)
        check_persons(study, label)
    for label, node in study.networks.items():
        check_declarations(resolve(node, ("bench.networks", *trusted), study.key("networks", label)), "networks", label)
    for simulator, network in dict.fromkeys((u.simulator, u.network) for u in study.units):
        make = architecture(study.networks[network], study.make("simulators", simulator), trusted)
        check_parameters(study.key("networks", network), make)
        make()


def _check_set_by_study(key: str, node: Node) -> None:
    """Refuse values of a simulator that a study puts its own in place of."""
    for name, mend in SET_BY_STUDY.items():
        if node.get(name):
            raise BadInput(f"{key}.{name}={node[name]} is not possible: give {mend}, by which a study sets it")


def _check_ids(study: Study) -> None:
    """Refuse units of one name, also on file systems to which letters in upper and lower case are one."""
    named: dict[str, Unit] = {}
    for unit in study.units:
        other = named.setdefault(unit.id.casefold(), unit)
        if other != unit:
            raise BadInput(
                f"'{unit.id}' would be the name of both {other.network} on {other.simulator} and {unit.network} on "
                f"{unit.simulator}; give one of their files another name"
            )


def _check_budgets(study: Study) -> None:
    for name, budget in study.settings["budgets"].items():
        settings = {key for settings in study.trains.values() for key in settings}
        for key in budget:
            known(f"budgets.{name}", "setting of train", key, settings)


def _check_arms(study: Study) -> None:
    if study.arms and any(study.training(unit).get("permuted") for unit in study.units):
        raise BadInput(
            "train.permuted: it leaves a metric that compares with models trained on permuted labels no other "
            "models to compare them with; leave it out, such models are trained beside the others"
        )


def _all_seeds(given: Node) -> tuple[Node, dict[int, tuple[int, int] | None]]:
    """The seeds of each axis, and what each model seed stands for: itself, or initialisation and order crossed."""
    seeds = {axis: _seeds(axis, given[axis]) for axis in ("data", "model")}
    single = {axis: given[axis] for axis in ("init", "order") if given[axis] is not None}
    if not single:
        return seeds, dict.fromkeys(seeds["model"])
    init, order = (_seeds(axis, single.get(axis, 0)) for axis in ("init", "order"))
    models = crossed(init, order)
    return {**seeds, "model": list(models), "init": init, "order": order}, models


def _seeds(axis: str, value: Any) -> list[int]:
    seeds = list(value) if isinstance(value, list | tuple) else [value]
    check_axis(f"seed.{axis}", seeds)
    return seeds
