"""Verdicts of the conformance checks on one plug-in, given in a process of its own."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, Literal

import torch

from bench.checks import method_probe, methods, metrics, networks, simulators
from bench.config.architecture import architecture
from bench.contracts import BadInput
from bench.guard.watch import Trespass, watched
from bench.launch.spoken import SpokenBeat
from bench.launch.unit import UnitRun, in_words
from bench.stages.audit_bank import AUDIT_BANK
from bench.stages.calibrate import CALIBRATE
from bench.stages.context import simulator
from bench.study import Study
from bench.tables import simulator_audits
from bench.verify.audits import Audits

#: a check and its name; it raises AssertionError, or may return what it found in numbers
Named = tuple[str, Callable[[], str | None]]
#: what is said: the name of a check that begins, its verdict, the verdict of one that changed what others use, after
#: which nothing is asked here, a sentence that refuses the command, or nothing more
Kind = Literal["check", "verdict", "spoilt", "refused", "over"]
#: what is done before the first check
MADE = "what its checks need"


def judge(study: Study, group: str, label: str, first: int, to: Connection) -> None:
    """In a process of its own: say of each check from the `first` on what it is called, then its verdict."""
    torch.set_num_threads(1)
    who, checks = f"{group[:-1]} {label}", list[Named]()

    def make() -> None:
        checks.extend(islice(CHECKS[group](study, label), first, None))

    try:
        watched(make, who)
    except BadInput as refusal:
        return _say(to, "refused", str(refusal))
    except Exception as error:
        return _say(to, "spoilt", MADE, _complaint(error))
    for name, check in checks:
        _say(to, "check", name)
        kind, *texts = verdict(name, check, who)
        _say(to, kind, *texts)
        if kind == "spoilt":
            return None
    return _say(to, "over")


def verdict(name: str, check: Callable[[], str | None], who: str) -> tuple[Kind, str, str]:
    """(kind, check and what it found, what is wrong or "")."""
    try:
        summary = watched(check, who)
    except (Exception, SystemExit) as error:
        return "spoilt" if isinstance(error, Trespass) else "verdict", name, _complaint(error)
    return "verdict", f"{name}: {summary}" if summary else name, ""


def _complaint(error: BaseException) -> str:
    if isinstance(error, AssertionError | Trespass):
        return str(error) or "failed"
    return f"{type(error).__name__}: {in_words(error)}"


def _say(to: Connection, kind: Kind, *texts: str) -> None:
    # what a plug-in printed comes before its verdict
    with suppress(ValueError):
        print(end="", flush=True)
    to.send_bytes(json.dumps([kind, *texts]).encode())


def _simulators(study: Study, label: str) -> Iterator[Named]:
    # the checks need an amplitude, so a simulator that was never calibrated is calibrated first
    unit = next(u for u in study.units if u.simulator == label)
    run = UnitRun(study, unit, SpokenBeat())
    calibration = run.value(CALIBRATE)
    calibrated, key = simulator(study, unit, calibration), run.cells.describe("simulators", label)
    audited = calibrated
    for bank in AUDIT_BANK.of(run.cells, unit):
        audited = calibrated.with_bank(run.get(bank))
    audits = Audits(
        audited, label, key, calibration["reached"], references=calibration.get("pairs", {}),
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
    for probe in method_probe.probes(method):
        for check in methods.applicable(method):
            yield f"{check.__name__} ({probe.name})", partial(check, method, probe)


def _metrics(study: Study, label: str) -> Iterator[Named]:
    metric = study.make("metrics", label)
    return ((check.__name__, partial(check, metric)) for check in metrics.applicable(metric))


CHECKS: dict[str, Callable[[Study, str], Iterator[Named]]] = {
    "simulators": _simulators,
    "networks": _networks,
    "methods": _methods,
    "metrics": _metrics,
}
