"""The verdict of the conformance checks on one plug-in."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bench.checks import method_probe, methods, metrics


def conform(group: str, plugin: Any) -> Iterator[tuple[str, str]]:
    """(check, what is wrong or "") of every check that applies to a method or a metric; group: methods or metrics."""
    for name, check in _checks(group, plugin):
        try:
            check()
        except AssertionError as error:
            yield name, str(error) or "failed"
        except Exception as error:
            yield name, f"{type(error).__name__}: {error}"
        else:
            yield name, ""


def _checks(group: str, plugin: Any) -> Iterator[tuple[str, Callable[[], None]]]:
    if group == "metrics":
        for check in metrics.applicable(plugin):
            yield check.__name__, partial(check, plugin)
        return
    for probe in method_probe.probes():
        for on_probe in methods.applicable(plugin):
            yield f"{on_probe.__name__} ({probe.name})", partial(on_probe, plugin, probe)
