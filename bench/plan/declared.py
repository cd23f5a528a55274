"""What a study declares before any score, refused where it names what does not exist."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.config.compose import CONF
from bench.config.overrides import options
from bench.config.suggest import nearest
from bench.contracts import BadInput
from bench.report.rankings.comparisons import CONTROLS, METHODS
from bench.study import PERMUTED, Study


def check(study: Study, config_dirs: Sequence[Path] = ()) -> None:
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


def _check_known(key: str, names: Iterable[str], known: set[str], what: str, swept: bool = False) -> None:
    for name in names:
        if name not in known and not (swept and name.partition("-")[0] in known):
            raise BadInput(f"{key}: there is no {what} '{name}'{nearest(name, known)}")
