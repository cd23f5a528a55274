"""Stage simulate: the explained subjects, the same for every model of a simulator."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

from bench.contracts import BadInput, Cohort, Simulator, Truth

#: fewer pairs could not fit a discriminant of a region's statistics
FEWEST_PAIRS = 20


def validate(subjects: int, pairs: int) -> None:
    """Refuse a cohort that cannot hold two patients and two controls in equal numbers, or too small a population.

    Raises:
        BadInput: for fewer than 4 or an odd number of subjects, or fewer than 20 pairs.
    """
    if not isinstance(pairs, int) or pairs < FEWEST_PAIRS:
        raise BadInput(f"explain.pairs={pairs!r} is not possible: give a whole number of at least {FEWEST_PAIRS}")
    if not isinstance(subjects, int) or subjects < 4 or subjects % 2:
        raise BadInput(f"explain.subjects={subjects!r} is not possible: give an even number of at least 4")


def cohort(simulator: Simulator, subjects: int, pairs: int) -> Cohort:
    """The first `subjects` of the evaluation stream, half of them patients.

    Truths of the population, where the simulator has them, are estimated on `pairs` subjects in both states.
    """
    validate(subjects, pairs)
    found = simulator.cohort(range(subjects), "evaluation")
    return replace(found, truths={**found.truths, **simulator.population(range(subjects), "evaluation", pairs)})


def write(folder: Path, cohort: Cohort) -> None:
    """Write a cohort as safetensors and JSON."""
    tensors = {name: getattr(cohort, name) for name in ("images", "targets", "subjects", "twins", "regions", "domain")}
    for truth in cohort.truths.values():
        for part in ("volume", "regions", "floor"):
            if (value := getattr(truth, part)) is not None:
                tensors[f"truth/{truth.name}/{part}"] = value
    # clones, because two truths may share a tensor, which the format refuses
    save_file({k: v.clone().contiguous() for k, v in tensors.items()}, folder / "cohort.safetensors")
    about = {
        "region_names": cohort.region_names,
        "affine": cohort.affine.tolist(),
        "truths": {name: truth.signed for name, truth in cohort.truths.items()},
    }
    (folder / "cohort.json").write_text(json.dumps(about, indent=1))


def read(folder: Path) -> Cohort:
    """The cohort `write` wrote."""
    tensors = load_file(folder / "cohort.safetensors")
    about = json.loads((folder / "cohort.json").read_text())
    truths = {
        name: Truth(
            name,
            volume=tensors.get(f"truth/{name}/volume"),
            regions=tensors.get(f"truth/{name}/regions"),
            signed=signed,
            floor=tensors.get(f"truth/{name}/floor"),
        )
        for name, signed in about["truths"].items()
    }
    fields = {k: v for k, v in tensors.items() if not k.startswith("truth/")}
    names, affine = tuple(about["region_names"]), np.array(about["affine"])
    return Cohort(**fields, truths=truths, region_names=names, affine=affine)
