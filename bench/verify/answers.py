"""Answers of plug-ins to what is asked of them before a study computes, given in a process of its own."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor, nn

from bench.checks import method_probe, methods, metrics, networks
from bench.config.architecture import architecture
from bench.contracts import BadInput
from bench.guard.watch import Trespass, watched
from bench.study import Study

#: passes after which a method is believed to fit a network; settings that cannot be are refused before the first
ENOUGH = 8
#: the checks of each kind that take least and whose breach gives wrong numbers without a word
SHORT: dict[str, tuple[Callable[..., Any], ...]] = {
    "networks": (
        networks.check_outputs,
        networks.check_input,
        networks.check_determinism,
        networks.check_batch,
        networks.check_initialisation,
        networks.check_state,
        networks.check_reset,
    ),
    "methods": (
        methods.check_shape,
        methods.check_determinism,
        methods.check_batch,
        methods.check_rng,
        methods.check_input,
        methods.check_leaves_model,
    ),
    "metrics": (
        metrics.one_value_a_subject,
        metrics.alone_as_in_batch,
        metrics.inputs_are_kept,
        metrics.random_state_is_kept,
    ),
}
Check = Callable[[], Any]


def give(study: Study, asked: Sequence[tuple[str, str, bool]], to: Connection) -> None:
    """In a process of its own: say of each (group, label, whether its class is ours) what is wrong with it, or "".

    A first, empty word says that the process is there.
    """
    torch.set_num_threads(1)
    to.send_bytes(b"")
    for group, label, ours in asked:
        to.send_bytes(answer(study, group, label, ours).encode(errors="backslashreplace"))


def answer(study: Study, group: str, label: str, ours: bool) -> str:
    """What is wrong with a plug-in, in one sentence, or "".

    ours: its class is, and keeps its contract, so that nothing is asked but whether its settings fit.
    """
    who = f"{group[:-1]} {label}"
    more = f"'python -m bench check {group[:-1]}=[{study.file(group, label)}]' runs all its checks"
    for fit in fit_checks(study, group, label):
        error = _error_of(fit, who)
        if isinstance(error, BadInput):
            return f"{who}: {error}"
        # what it changed stays changed here, and would be taken for how things were before the next check
        if isinstance(error, Trespass):
            return f"{error}; mend it, {more}"
    for name, check in () if ours else short_list(study, group, label):
        if (error := _error_of(check, who)) and isinstance(error, AssertionError | Trespass):
            return f"{who} does not keep its contract ({name}): {error}; mend it, {more}"
    return ""


def _error_of(check: Check, who: str) -> Exception | None:
    """What a plug-in raises, or is told for what it left changed."""
    try:
        watched(check, who)
    except Exception as error:
        return error
    return None


def short_list(study: Study, group: str, label: str) -> Iterator[tuple[str, Check]]:
    """The short list of checks, by name, as far as they apply to a plug-in."""
    if group == "networks":
        build = _probed(study, label)
        chosen: list[tuple[Any, tuple[Any, ...]]] = [(check, (build,)) for check in networks.applicable(build)]
    elif group == "methods":
        method = study.make(group, label)
        chosen = [
            (check, (method, probe)) for probe in method_probe.probes(method) for check in methods.applicable(method)
        ]
    else:
        metric = study.make(group, label)
        chosen = [(check, (metric,)) for check in metrics.applicable(metric)]
    return ((check.__name__, partial(check, *given)) for check, given in chosen if check in SHORT[group])


def fit_checks(study: Study, group: str, label: str) -> Iterator[Check]:
    """One image of noise on the grid of each simulator, through the networks of the study."""
    for simulator, network in dict.fromkeys((unit.simulator, unit.network) for unit in study.units):
        place = study.make("simulators", simulator)
        build = architecture(study.networks[network], place, study.settings["trusted"])
        if group == "networks" and network == label:
            yield partial(_reads, build, place)
        if group == "methods":
            yield partial(_explains, study.make(group, label), build, place)


def _probed(study: Study, label: str) -> networks.Build:
    trusted = study.settings["trusted"]
    return lambda shape, outputs: architecture(study.networks[label], networks.ProbeTask(shape, outputs), trusted)()


def _image(place: Any) -> Tensor:
    return torch.rand(1, 1, *place.shape, generator=torch.Generator().manual_seed(0))


def _reads(build: Callable[[], nn.Module], place: Any) -> None:
    """An error here costs every row of the network, after its images were drawn."""
    grid = " x ".join(map(str, place.shape))
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            shape = tuple(build().eval()(_image(place)).shape)
    except Exception as error:
        raise BadInput(f"an image of {grid} voxels cannot be read ({type(error).__name__}: {error})") from error
    if shape != (1, place.outputs):
        raise BadInput(f"an image of {grid} voxels gives outputs of shape {shape}, not (1, {place.outputs})")


class _Enough(Exception):
    """A method has come so far that its settings fit."""


def _explains(method: Any, build: Callable[[], nn.Module], place: Any) -> None:
    with torch.random.fork_rng(devices=[]):
        model = build().eval()
    passes = iter(range(ENOUGH))

    def count(*_: Any) -> None:
        if next(passes, None) is None:
            raise _Enough

    model.register_forward_pre_hook(count)
    method(model, _image(place), place.target)
