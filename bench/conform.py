"""The verdict of the conformance checks on one plug-in."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from bench.checks import method_probe, methods, metrics, networks, simulators
from bench.config.build import build
from bench.context import simulator
from bench.contracts import BadInput
from bench.study import Study
from bench.unit import Bench

Named = tuple[str, Callable[[], None]]


def conform(study: Study, arguments: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(plug-in, check, what is wrong or "") of every check on every plug-in the command names.

    Raises:
        BadInput: where the command names none.
    """
    named = [group for group in _CHECKS if any(a.startswith(group[:-1]) for a in arguments)]
    if not named:
        raise BadInput("name what to check, e.g. check 'method=[gradient]' or check simulator=focal")
    for group in named:
        for label in study.node_names(group):
            for name, check in _CHECKS[group](study, label):
                yield label, name, _verdict(check)


def _verdict(check: Callable[[], None]) -> str:
    try:
        check()
    except AssertionError as error:
        return str(error) or "failed"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _simulators(study: Study, label: str) -> Iterator[Named]:
    # the checks need an amplitude, so a simulator that was never calibrated is calibrated first
    unit = next(u for u in study.units if u.simulator == label)
    made = simulator(Bench(study, unit), unit)
    return ((check.__name__, partial(check, made)) for check in simulators.applicable(made))


def _networks(study: Study, label: str) -> Iterator[Named]:
    allowed = ("bench.networks", *study.settings["trusted"])

    def make(shape: tuple[int, int, int], outputs: int) -> Any:
        return build(study.networks[label], (), allowed, "network", in_shape=shape, outputs=outputs)

    return ((check.__name__, partial(check, make)) for check in networks.applicable(make))


def _methods(study: Study, label: str) -> Iterator[Named]:
    made = study.make("methods", label)
    for probe in method_probe.probes():
        for check in methods.applicable(made):
            yield f"{check.__name__} ({probe.name})", partial(check, made, probe)


def _metrics(study: Study, label: str) -> Iterator[Named]:
    made = study.make("metrics", label)
    return ((check.__name__, partial(check, made)) for check in metrics.applicable(made))


_CHECKS: dict[str, Callable[[Study, str], Iterator[Named]]] = {
    "simulators": _simulators,
    "networks": _networks,
    "methods": _methods,
    "metrics": _metrics,
}
