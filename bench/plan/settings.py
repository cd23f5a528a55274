"""Settings of a study that no one can have: refused before anything is computed, with the mend."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args

from bench.config.compose import CONF
from bench.config.overrides import check_axis, options
from bench.config.schema import Config
from bench.contracts import BadInput, View
from bench.contracts.arguments import check as check_bounds
from bench.contracts.arguments import hints_of
from bench.contracts.names import known
from bench.devices import choice
from bench.names import slug, variant_of
from bench.plan import parts
from bench.provenance import ROOT
from bench.published.places import PUBLISHED
from bench.stages import use
from bench.study import CONTROLS, METHODS, PERMUTED, Node, Study

#: the results folder of the checkout, and the folders in it that are committed
OURS, COMMITTED = PUBLISHED.parent, ("published", "benchmarks")
#: folders of the results folder that are no study
RESERVED = ("store", *COMMITTED, "pages")
MOST_UNITS = 10_000


def check(settings: Node) -> None:
    """Refuse impossible settings.

    Raises:
        BadInput: one sentence.
    """
    for where, declared, values in declarations(Config, settings):
        check_bounds(declared, values, where)
    _check_places(settings["name"], settings["paths"]["results"])
    _check_controls(**settings["explain"])
    _check_switched(settings["use"]["subjects"], settings["explain"]["subjects"])
    check_axis("views", [View(**view).name for view in settings["views"]])
    _check_trusted(settings["trusted"])
    parts.check(settings["part"])
    choice.check(settings["device"])


def _check_controls(subjects: int, controls: int | None, pairs: int) -> None:
    """Refuse more controls than patients: the first subjects alternate, and those that are more are patients."""
    if controls is not None and 2 * controls > subjects:
        raise BadInput(f"explain.controls={controls} is not possible: give at most half of explain.subjects={subjects}")


def _check_switched(switched: int, explained: int) -> None:
    """Refuse more subjects to be switched than are explained, naming both keys: who set one may not know the other."""
    try:
        use.validate(switched, explained)
    except BadInput as error:
        raise BadInput(
            f"use.subjects={switched} is not possible: give at most explain.subjects={explained}, or explain.subjects "
            f"of at least {switched}"
        ) from error


def declarations(declared: type, values: Node, where: str = "") -> Iterator[tuple[str, type, Node]]:
    """(place, class, values) of settings and of the settings inside them, each with the class that declares them."""
    yield where, declared, values
    for name, hint in hints_of(declared).items():
        place = f"{where}.{name}" if where else name
        for inner in (kind for kind in (hint, *get_args(hint)) if isinstance(kind, type) and is_dataclass(kind)):
            for end, value in _each(values[name], hint is inner):
                yield from declarations(inner, value, place + end)


def _each(value: Any, single: bool) -> list[tuple[str, Node]]:
    """What settings hold under one name: one group of settings, or several by name or in a row."""
    if single:
        return [("", value)]
    if isinstance(value, Mapping):
        return [(f".{name}", group) for name, group in value.items()]
    return [(f"[{i}]", group) for i, group in enumerate(value)]


def _check_places(name: str, results: str) -> None:
    if name != slug(name) or name.startswith(".") or name in RESERVED:
        raise BadInput(
            f"name={name!r} is not possible: give at most 80 letters, digits, '_', '-' and '.', "
            f"no '.' first, and none of {', '.join(RESERVED)}"
        )
    if not results.strip():
        raise BadInput("paths.results='' is not possible: give a folder, e.g. paths.results=results")
    place = (ROOT / results).resolve()
    committed = [(OURS / name).resolve() for name in COMMITTED]
    seen = place.is_relative_to(ROOT.resolve()) and not place.is_relative_to(OURS.resolve())
    if seen or any(map(place.is_relative_to, committed)):
        raise BadInput(
            f"paths.results={results} is not possible: give {OURS}, a folder in it but for {' and '.join(COMMITTED)}, "
            f"or one outside {ROOT}, as git commits what lies elsewhere"
        )


def _check_trusted(trusted: Sequence[str]) -> None:
    for package in trusted:
        if not all(part.isidentifier() for part in package.split(".")):
            raise BadInput(
                f"trusted={package!r} is not possible: give names of packages as in Python, e.g. 'trusted=[mypackage]'"
            )


def check_size(study: Study) -> None:
    """Refuse a study of more units than anyone computes; raises BadInput."""
    if (units := len(study.units) + len(study.arms)) > MOST_UNITS:
        raise BadInput(
            f"{study.name} has {units} units (simulators x networks x data seeds x model seeds, and as many on "
            f"permuted labels where a metric asks for them), at most {MOST_UNITS} are possible; name fewer, e.g. "
            "'seed.data=range(10)'"
        )


def check_headlines(study: Study) -> None:
    """Refuse a ranking by scores that its metric does not give; raises BadInput."""
    for name, headline in study.headline.items():
        tags = study.make("metrics", headline["metric"]).tags
        views = [view.name for view in study.views] if tags.kind == "map" else [""]
        _check_one_of(f"headline.{name}.truth", headline["truth"], sorted(tags.truths) or [""])
        _check_one_of(f"headline.{name}.view", headline["view"], views, ", or views that have it")


def _check_one_of(key: str, value: str, valid: Sequence[str], otherwise: str = "") -> None:
    if value not in valid:
        mend = f"{key}= (its metric has none)" if list(valid) == [""] else f"one of {', '.join(valid)}{otherwise}"
        raise BadInput(f"{key}={value!r} is not possible: give {mend}")


def check_declared(study: Study, config_dirs: Sequence[Path] = ()) -> None:
    """Refuse comparisons and tuned methods, budgets, and shortcuts of simulators, that nobody has; raises BadInput.

    What exists and was not chosen is no fault: a call may choose fewer methods than its study declares.
    """
    folders = [CONF, *config_dirs]
    methods = {*study.methods, *options("method", folders)}
    simulators = {*study.simulators, *options("simulator", folders)}
    for name, others in study.settings["against"].items():
        _check_known(f"against.{name}", [name], {*methods, METHODS}, "method")
        _check_known(f"against.{name}", others, {*methods, CONTROLS} - {name}, "method to compare with")
    _check_known("tuned", study.settings["tuned"], methods, "method")
    budgeted = {PERMUTED, *simulators, *study.networks, *options("network", folders)}
    _check_known("budgets", study.settings["budgets"], budgeted, "network or simulator", swept=True)
    for cued, clean in study.settings["detect"].items():
        # a name of a value that was swept, `shortcut-task.correlation-0`, begins with that of its simulator
        _check_known("detect", [cued, clean], simulators, "simulator", swept=True)


def _check_known(key: str, names: Iterable[str], existing: set[str], what: str, swept: bool = False) -> None:
    for name in names:
        if not swept or variant_of(name, existing) is None:
            known(key, what, name, existing)
