"""What methods and metrics are told beside the model and the images; truths reach only a method that declares them."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from bench import seeds
from bench.contracts import Cohort, Context, Simulator, Unsupported
from bench.contracts.validity import Validity
from bench.plan.cells import Cell
from bench.stages import measure
from bench.study import Unit

if TYPE_CHECKING:
    from bench.launch.unit import Bench

#: the stream of the explained subjects
EVALUATION = "evaluation"


def simulator(bench: "Bench", unit: Unit) -> Simulator:
    """The calibrated simulator of a unit, with its data seed."""
    found = bench.get(bench.cells.unit(unit).calibration)
    made = bench.study.make("simulators", unit.simulator).with_amplitude(found["amplitude"])
    seeded: Simulator = made.with_data_seed(unit.data_seed)
    return seeded


def method_context(bench: "Bench", cell: Cell) -> Context:
    """What a method may know: noise of its own, anatomy, training images, and only the truths and redraws it declared.

    Raises:
        Unsupported: where the simulator has no such truth.
    """
    cells = bench.cells.unit(cell.unit)
    cohort = bench.get(cells.cohort)
    needs = bench.study.make("methods", cell.method).tags.needs
    declared = {need.removeprefix("truth:") for need in needs if need.startswith("truth:")}
    known = {**cohort.truths, **({"use": bench.get(cells.truths)} if "use" in declared else {})}
    made = simulator(bench, cell.unit)
    if missing := sorted(declared - known.keys()):
        raise Unsupported(f"there is no truth {missing[0]}: {Validity.of(made).undefined.get(missing[0], 'not made')}")
    noise = seeds.of_method(bench.cells.describe("methods", cell.method), cells.train.key)
    return replace(
        cohort_context(cohort, noise, made.target),
        truths={name: known[name] for name in declared},
        training=lambda: bench.get(cells.images).train,
        redraws=_redraws(made) if "redraws" in needs else None,
    )


def metric_context(bench: "Bench", unit: Unit) -> Context:
    """What a metric may know: perturbations common to all methods of the model, training images, and the simulator."""
    cells = bench.cells.unit(unit)
    made = simulator(bench, unit)
    cohort = bench.get(cells.cohort)
    twins = dict(zip(cohort.subjects.tolist(), cohort.twins, strict=True))

    def rescans(subject: int, count: int) -> torch.Tensor:
        return torch.cat([made.sample([int(subject)], EVALUATION, {"rescan": k}).images for k in range(count)])

    def severities(subject: int, strengths: tuple[float, ...]) -> torch.Tensor:
        return torch.cat([made.sample([int(subject)], EVALUATION, {"strength": s}).images for s in strengths])

    return replace(
        cohort_context(cohort, seeds.of_perturbations(cells.train.key), made.target),
        truths=cohort.truths,
        training=lambda: bench.get(cells.images).train,
        redraws=_redraws(made),
        rescans=rescans,
        twin=lambda subject: twins[int(subject)],
        severities=severities,
        carry=lambda volume, donor, recipient: made.to_anatomy_of(volume, donor, recipient, EVALUATION),
    )


def _redraws(made: Simulator) -> Callable[[int], torch.Tensor]:
    return lambda subject: made.redraws(int(subject), EVALUATION, measure.REDRAWS)


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
    )
