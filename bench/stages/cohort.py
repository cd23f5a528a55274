"""Stage simulate: the cohort, that is the explained subjects, the same for every model of a simulator."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save_file

from bench.config.schema import ExplainSettings
from bench.contracts import Cohort, Simulator, Truth
from bench.contracts.arguments import check
from bench.passes.counting import Passes
from bench.passes.courses import yearly
from bench.stages.calibrate import CALIBRATE, calibrated
from bench.stages.context import EVALUATION
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.study import Study, Unit

#: what `plan` calls the files of explained subjects, also redrawn
SUBJECTS = "subjects and redraws"
#: bytes a voxel: image, twin, region and domain, and one or two truths
STORED = 24.0
TENSORS = ("images", "targets", "subjects", "twins", "regions", "domain")


class _Cohort(Stage[Cohort]):
    """Makes the explained subjects with twins, regions and truths."""

    name = "simulate"
    version = "2"
    network = False
    keeps = SUBJECTS

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per simulator."""
        calibration = graph.cell(CALIBRATE, unit)
        content = {"calibration": calibration.key, **graph.study.explain}
        if graph.study.make("simulators", unit.simulator).visit(0, EVALUATION):
            # cohorts of before knew no courses
            content["course"] = "slope"
        source = self.code(graph, "simulators", unit.simulator)
        return Cell(self, unit.simulator, content, unit, (calibration,), source)

    def make(self, given: Given) -> tuple[Cohort, Passes]:
        study = given.study
        return explained_subjects(calibrated(given), study.explained, study.settings["explain"]["pairs"]), Passes()

    def write(self, folder: Path, value: Cohort) -> None:
        tensors = {name: getattr(value, name) for name in TENSORS}
        for truth in value.truths.values():
            for part in ("volume", "regions", "floor"):
                if (tensor := getattr(truth, part)) is not None:
                    tensors[f"truth/{truth.name}/{part}"] = tensor
        # clones, because two truths may share a tensor, which the format refuses
        save_file({k: v.clone().contiguous() for k, v in tensors.items()}, folder / "cohort.safetensors")
        about = {
            "region_names": value.region_names,
            "affine": value.affine.tolist(),
            "truths": {name: truth.signed for name, truth in value.truths.items()},
        }
        (folder / "cohort.json").write_text(json.dumps(about, indent=1))

    def read(self, folder: Path, study: Study, cell: Cell) -> Cohort:
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
        fields: dict[str, Any] = {k: v for k, v in tensors.items() if not k.startswith("truth/")}
        names, affine = tuple(about["region_names"]), np.array(about["affine"])
        simulator = study.make("simulators", cell.unit.simulator)
        return Cohort(
            **fields, truths=truths, region_names=names, affine=affine, visit=lambda s: simulator.visit(s, EVALUATION)
        )

    def work(self, study: Study, cell: Cell) -> float:
        """Subjects, and pairs of the population."""
        return float(cell.content["subjects"] + cell.content["pairs"])

    def disk(self, study: Study, cell: Cell, voxels: int) -> float:
        """Every explained subject."""
        return STORED * voxels * float(cell.content["subjects"])


COHORT = _Cohort()


def explained_subjects(simulator: Simulator, numbers: Sequence[int], pairs: int) -> Cohort:
    """Subjects of the evaluation stream, in which controls and patients alternate; raises BadInput for other counts.

    Truths of the population, where the simulator has them, are estimated on `pairs` subjects in both states. Visits
    have the truth `course` of their person: what a year adds to the counterfactual.
    """
    check(ExplainSettings, {"subjects": len(numbers), "pairs": pairs}, "explain")
    cohort = simulator.cohort(numbers, EVALUATION)
    cohort = replace(cohort, visit=lambda subject: simulator.visit(subject, EVALUATION))
    return replace(
        cohort, truths={**cohort.truths, **_course(cohort), **simulator.population(numbers, EVALUATION, pairs)}
    )


def _course(cohort: Cohort) -> dict[str, Truth]:
    disease = cohort.truths.get("counterfactual")
    if disease is None or disease.volume is None or not cohort.visits:
        return {}
    return {"course": Truth("course", volume=yearly(cohort.visits, disease.volume))}
