"""The verdict of the conformance checks on one plug-in."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from bench.checks import method_probe, methods, metrics, networks, simulators
from bench.config.architecture import architecture
from bench.contracts import BadInput
from bench.launch.spoken import SpokenBeat, spoken
from bench.launch.unit import UnitRun
from bench.stages.calibrate import CALIBRATE
from bench.stages.context import simulator
from bench.study import Study
from bench.tables import simulator_audits
from bench.verify.audits import Audits

#: a check and its name; it raises AssertionError, or may return what it found in numbers
Named = tuple[str, Callable[[], str | None]]


def conform(study: Study, arguments: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(plug-in, check and what it found, what is wrong or "") of every check on every plug-in the command names.

    Raises:
        BadInput: where the command names none.
    """
    named = [group for group in _CHECKS if any(a.startswith(group[:-1]) for a in arguments)]
    if not named:
        raise BadInput("name what to check, e.g. check 'method=[gradient]' or check simulator=focal")
    for group in named:
        for label in study.node_names(group):
            for name, check in _CHECKS[group](study, label):
                with spoken(f"{label}: {name}"):
                    verdict = _verdict(name, check)
                yield label, *verdict


def _verdict(name: str, check: Callable[[], str | None]) -> tuple[str, str]:
    try:
        summary = check()
    except AssertionError as error:
        return name, str(error) or "failed"
    except Exception as error:
        return name, f"{type(error).__name__}: {error}"
    return f"{name}: {summary}" if summary else name, ""


def _simulators(study: Study, label: str) -> Iterator[Named]:
    # the checks need an amplitude, so a simulator that was never calibrated is calibrated first
    unit = next(u for u in study.units if u.simulator == label)
    run = UnitRun(study, unit, SpokenBeat())
    calibration = run.value(CALIBRATE)
    calibrated, key = simulator(study, unit, calibration), run.cells.describe("simulators", label)
    audits = Audits(
        calibrated, label, key, calibration["reached"], references=calibration.get("pairs", {}),
        keep=lambda row: simulator_audits.write([row], simulator_audits.place_of(study)),
    )  # fmt: skip
    yield from ((check.__name__, partial(check, calibrated)) for check in simulators.applicable(calibrated))
    yield from ((audit.__name__, audit) for audit in audits.named())


def _networks(study: Study, label: str) -> Iterator[Named]:
    trusted = study.settings["trusted"]

    def make(shape: tuple[int, int, int], outputs: int) -> Any:
        return architecture(study.networks[label], networks.ProbeTask(shape, outputs), trusted)()

    return ((check.__name__, partial(check, make)) for check in networks.applicable(make))


def _methods(study: Study, label: str) -> Iterator[Named]:
    method = study.make("methods", label)
    for probe in method_probe.probes():
        for check in methods.applicable(method):
            yield f"{check.__name__} ({probe.name})", partial(check, method, probe)


def _metrics(study: Study, label: str) -> Iterator[Named]:
    metric = study.make("metrics", label)
    return ((check.__name__, partial(check, metric)) for check in metrics.applicable(metric))


_CHECKS: dict[str, Callable[[Study, str], Iterator[Named]]] = {
    "simulators": _simulators,
    "networks": _networks,
    "methods": _methods,
    "metrics": _metrics,
}
