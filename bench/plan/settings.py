"""Bounds of a study's settings, and the names they may hold: refused before anything is computed, with the mend."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.config.compose import CONF
from bench.config.overrides import check_axis, options
from bench.contracts import BadInput, View
from bench.contracts.names import known
from bench.names import slug
from bench.plan.states import RERUN
from bench.stages import cohort, effects, redraw, use
from bench.study import CONTROLS, METHODS, PERMUTED, Node, Study

SIGNS = ("abs", "signed", "positive", "negative")
STRATA = ("TP", "TN", "FP", "FN")
#: folders of the results folder that are no study
RESERVED = ("store", "published", "benchmarks", "export")
#: largest values; what lies above is a slip of the keyboard, and would fill memory or never end
MOST: Mapping[tuple[str, str], int] = {
    ("explain", "subjects"): 100_000,
    ("explain", "pairs"): 1_000_000,
    ("use", "draws"): 10_000,
}
LONGEST_S = 30 * 86_400
WIDEST_MM = 100
MOST_UNITS = 10_000


def check(settings: Node) -> None:
    """Refuse impossible settings.

    Raises:
        BadInput: one sentence.
    """
    _check_places(settings["name"], settings["paths"]["results"])
    explain, redrawn = settings["explain"], settings["use"]
    cohort.validate(explain["subjects"], explain["pairs"])
    redraw.validate(redrawn["draws"])
    use.validate(redrawn["subjects"], explain["subjects"])
    effects.validate(redrawn["players"])
    for (group, key), most in MOST.items():
        if settings[group][key] > most:
            raise BadInput(f"{group}.{key}={settings[group][key]} is not possible: give at most {most}")
    if not 1 <= settings["timeout_s"] <= LONGEST_S:
        raise BadInput(f"timeout_s={settings['timeout_s']} is not possible: give 1 or more seconds, at most 30 days")
    known("rerun", "policy", settings["rerun"], RERUN)
    if not _keeps(settings["maps"]):
        raise BadInput(f"maps={settings['maps']} is not possible: give all, none, or how many subjects' maps to keep")
    _check_views(settings["views"])
    _check_trusted(settings["trusted"])


def _check_places(name: str, results: str) -> None:
    if name != slug(name) or name.startswith(".") or name in RESERVED:
        raise BadInput(
            f"name={name!r} is not possible: give at most 80 letters, digits, '_', '-' and '.', "
            f"no '.' first, and none of {', '.join(RESERVED)}"
        )
    if not results.strip():
        raise BadInput("paths.results='' is not possible: give a folder, e.g. paths.results=results")


def _keeps(maps: Any) -> bool:
    return maps in ("all", "none") if isinstance(maps, str) else type(maps) is int and maps >= 0


def _check_views(views: Sequence[Node]) -> None:
    for i, view in enumerate(views):
        sign, width = view["sign"], view["fwhm_mm"]
        known(f"views[{i}].sign", "sign", sign, SIGNS)
        if not 0 <= width <= WIDEST_MM:
            raise BadInput(f"views[{i}].fwhm_mm={width} is not possible: give 0 to {WIDEST_MM} millimetres")
    check_axis("views", [View(**view).name for view in views])


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
        _check_one_of(f"headline.{name}.view", headline["view"], views)
        for stratum in headline["strata"]:
            _check_one_of(f"headline.{name}.strata", stratum, STRATA)


def _check_one_of(key: str, value: str, valid: Sequence[str]) -> None:
    if value not in valid:
        mend = f"{key}= (its metric has none)" if list(valid) == [""] else f"one of {', '.join(valid)}"
        raise BadInput(f"{key}={value!r} is not possible: give {mend}")


def check_declared(study: Study, config_dirs: Sequence[Path] = ()) -> None:
    """Refuse comparisons of methods, budgets, and shortcuts of simulators, that nobody has; raises BadInput.

    What exists and was not chosen is no fault: a call may choose fewer methods than its study declares.
    """
    folders = [CONF, *config_dirs]
    methods = {*study.methods, *options("method", folders)}
    simulators = {*study.simulators, *options("simulator", folders)}
    for name, others in study.settings["against"].items():
        _check_known(f"against.{name}", [name], {*methods, METHODS}, "method")
        _check_known(f"against.{name}", others, {*methods, CONTROLS} - {name}, "method to compare with")
    budgeted = {PERMUTED, *simulators, *study.networks, *options("network", folders)}
    _check_known("budgets", study.settings["budgets"], budgeted, "network or simulator", swept=True)
    for cued, clean in study.settings["detect"].items():
        # a name of a value that was swept, `shortcut-task.correlation-0`, begins with that of its simulator
        _check_known("detect", [cued, clean], simulators, "simulator", swept=True)


def _check_known(key: str, names: Iterable[str], existing: set[str], what: str, swept: bool = False) -> None:
    for name in names:
        if not (swept and name.partition("-")[0] in existing):
            known(key, what, name, existing)
