"""Contexts of methods and metrics, beside the model and the images; truths reach only a method that declares them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from bench import seeds
from bench.contracts import Batch, Cohort, Context, Method, Simulator, Truth, Unsupported
from bench.contracts.uses import use_model, use_others
from bench.contracts.validity import Validity
from bench.devices.moving import HOME, moved
from bench.study import Study, Unit

#: the stream of the explained subjects
EVALUATION = "evaluation"
#: truths that are made of what one model uses
OF_MODEL = frozenset({"use", "use_model", "use_others"})
#: draws a region of the simulator's redraws that methods and perturbation families may choose from
REDRAWS = 4
#: volumes that a context asks its simulator for, which knows main memory alone
ASKED = ("redraws", "redraw_mean", "rescans", "twin", "severities", "to_anatomy_of")


def simulator(study: Study, unit: Unit, calibration: dict[str, Any]) -> Simulator:
    """The calibrated simulator of a unit, with its data seed."""
    amplified = study.make("simulators", unit.simulator).with_amplitude(calibration["amplitude"])
    seeded: Simulator = amplified.with_data_seed(unit.data_seed)
    return seeded


def method_context(
    simulator: Simulator,
    cohort: Cohort,
    method: Method,
    noise: Callable[[int], int],
    use: Callable[[], Truth],
    training: Callable[[], Batch],
    redraw_mean: Callable[[int], torch.Tensor],
) -> Context:
    """The knowledge of a method: noise of its own, anatomy, training images, and only truths and redraws it declared.

    simulator: the simulator of the cohort. noise: subject -> seed. use: the truth of the model, asked for if declared.
    redraw_mean: subject -> the mean of its redraws.

    Raises:
        Unsupported: where the simulator has no such truth.
    """
    declared = method.tags.truths
    patients = simulator.sides(cohort.targets) == 1
    known = {**cohort.truths, **(used(use(), patients) if declared & OF_MODEL else {})}
    if missing := sorted(declared - known.keys()):
        raise Unsupported(
            f"there is no truth {missing[0]}: {Validity.of(simulator).undefined.get(missing[0], 'not made')}"
        )
    return replace(
        cohort_context(cohort, noise, simulator.target),
        truths={name: known[name] for name in declared},
        training=training,
        sides=simulator.sides,
        redraws=_redraws(simulator) if "redraws" in method.tags.needs else None,
        redraw_mean=redraw_mean if "redraw_mean" in method.tags.needs else None,
    )


def metric_context(simulator: Any, cohort: Cohort, model: str, training: Callable[[], Batch]) -> Context:
    """The knowledge of a metric: perturbations common to all methods of the model, training images, and the simulator.

    simulator: the simulator of the cohort. model: key of the trained model, which the perturbations are drawn by.
    """
    twins = dict(zip(cohort.subjects.tolist(), cohort.twins, strict=True))

    def rescans(subject: int, count: int) -> torch.Tensor:
        return torch.cat([simulator.sample([int(subject)], EVALUATION, {"rescan": k}).images for k in range(count)])

    def severities(subject: int, strengths: tuple[float, ...]) -> torch.Tensor:
        return torch.cat([simulator.sample([int(subject)], EVALUATION, {"strength": s}).images for s in strengths])

    return replace(
        cohort_context(cohort, seeds.of_perturbations(model), simulator.target),
        truths=cohort.truths,
        training=training,
        sides=simulator.sides,
        redraws=_redraws(simulator),
        rescans=rescans,
        twin=lambda subject: twins[int(subject)],
        severities=severities,
        to_anatomy_of=lambda volume, donor, recipient: simulator.to_anatomy_of(volume, donor, recipient, EVALUATION),
    )


def answering_on(device: torch.device, context: Context) -> Context:
    """The context with every volume that its simulator gives on the device where its images lie."""
    asked = {name: getattr(context, name) for name in ASKED}
    answers: Any = {name: _answering(ask, device) for name, ask in asked.items() if ask is not None}
    return replace(context, **answers)


def _answering(ask: Callable[..., Any], device: torch.device) -> Callable[..., Any]:
    return lambda *arguments: moved(ask(*moved(arguments, HOME)), device)


def used(use: Truth, patients: torch.Tensor) -> dict[str, Truth]:
    """The truths of a model by name: `use`, the one that all of its subjects share, and that of other patients.

    patients: (N,) bool.
    """
    return {"use": use, "use_model": use_model(use), "use_others": use_others(use, patients)}


def spread_in_key(method: Method) -> dict[str, str]:
    """The part of a key that says between whom `spread` is taken: of maps that are weighed by it."""
    return {"spread": "others"} if method.tags.quantity == "sensitivity" else {}


def _redraws(simulator: Simulator) -> Callable[[int], torch.Tensor]:
    return lambda subject: simulator.redraws(int(subject), EVALUATION, REDRAWS)


def cohort_context(cohort: Cohort, seed_of: Callable[[int], int], target: Any) -> Context:
    """Anatomy and subjects of a cohort."""
    return Context(
        subjects=tuple(cohort.subjects.tolist()),
        seed_of=seed_of,
        domain=cohort.domain,
        regions=cohort.regions,
        region_names=cohort.region_names,
        affine=cohort.affine,
        target=target,
        spread=cohort.spread,
    )
