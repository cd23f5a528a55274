"""The true and the simulated course of one patient, visit by visit."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from bench.contracts import Simulator, Unsupported, courses
from bench.passes.courses import MONTHS, yearly
from bench.passes.forward import evaluating, laid_out
from bench.passes.scores import explained
from bench.stages.context import EVALUATION

#: persons among whom the patient is sought, regions whose curves are drawn
PERSONS, REGIONS = 24, 6


class PatientCourse(NamedTuple):
    """A patient's V visits: months (V,), what the disease adds since the first, true and simulated (V, D, H, W).

    image: (D, H, W), at the first visit. regions: labels (D, H, W) there.
    """

    person: int
    image: Tensor
    regions: Tensor
    months: tuple[float, ...]
    true: Tensor
    simulated: Tensor


def simulated_course(model: nn.Module, image: Tensor, simulator: Simulator) -> Tensor:
    """What a year adds to an image (1, 1, D, H, W) as the model simulates it, by the explained score: (D, H, W).

    Raises:
        Unsupported: where it simulates none.
    """
    show: Callable[[Tensor], dict[str, Tensor]] = getattr(model, "intrinsic", lambda x: {})
    with evaluating(model), torch.no_grad():
        offered = show(laid_out(model, image))
    if "course" not in offered:
        raise Unsupported("this network simulates no course")
    course = offered["course"]
    return explained(course[0].flatten(1).T, simulator.target).reshape(image.shape[2:])


def patient_course(model: nn.Module, simulator: Simulator) -> PatientCourse:
    """The course of the patient in the middle, by how fast disease grows, of the first persons who are explained.

    Raises:
        Unsupported: where the model simulates no course, or nobody is seen more than once.
    """
    # said before any subject is drawn
    simulated_course(model, torch.zeros(1, 1, *simulator.shape), simulator)
    first = simulator.visit(0, EVALUATION)
    if first is None:
        raise Unsupported("courses need persons who are seen more than once, and here every subject is another person")
    cohort = simulator.cohort(range(PERSONS * first.of), EVALUATION)
    visits = {row: simulator.visit(subject, EVALUATION) for row, subject in enumerate(cohort.subjects.tolist())}
    seen = {row: visit for row, visit in visits.items() if visit}
    disease = cohort.truths["counterfactual"].volume
    assert disease is not None
    patients = [rows for rows in courses(seen).values() if simulator.sides(cohort.targets[rows[:1]]).item() == 1]
    speed = yearly(seen, disease).abs().flatten(1).sum(1)
    rows = sorted(patients, key=lambda rows: float(speed[rows[0]]))[len(patients) // 2]
    months = tuple(seen[row].months for row in rows)
    image, true = cohort.images[rows[:1]], disease[rows, 0] - disease[rows[0], 0]
    a_year = simulated_course(model, image, simulator)
    foretold = torch.stack([a_year * m / MONTHS for m in months])
    return PatientCourse(seen[rows[0]].person, image[0, 0], cohort.regions[rows[0], 0], months, true, foretold)


def region_table(course: PatientCourse, names: tuple[str, ...]) -> pd.DataFrame:
    """Means of what is added since the first visit: columns region, month, true, simulated, most changed first."""
    rows = []
    for label, name in enumerate(names, start=1):
        inside = course.regions == label
        if inside.any():
            means = [volumes[:, inside].double().mean(1).tolist() for volumes in (course.true, course.simulated)]
            rows += [(name, *values) for values in zip(course.months, *means, strict=True)]
    table = pd.DataFrame(rows, columns=["region", "month", "true", "simulated"])
    size = table.groupby("region")["true"].transform(lambda values: np.abs(values).max())
    return (
        table.assign(size=size)
        .sort_values(["size", "region", "month"], ascending=[False, True, True])
        .drop(columns="size")
    )
