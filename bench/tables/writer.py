"""The tables of a study, from the store: tidy scores, models, methods, metrics, failures, costs, provenance.

Everything but `study.json`, `costs.parquet` and `provenance.parquet` is deterministic: the same store gives the same
bytes.
"""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from bench import provenance
from bench.columns.written import (
    COMPETENCE,
    COSTS,
    FAILURES,
    MAPS,
    MECHANISMS,
    METHODS,
    METRICS,
    MODELS,
    PROVENANCE,
    REGIONS,
    SIMULATORS,
    TAGS,
    USAGE,
    VALIDITY,
)
from bench.devices.choice import machine_with
from bench.devices.moving import HOME
from bench.passes.convergence import CONVERGED
from bench.plan.cells import Cells
from bench.plan.published_prices import cost_place
from bench.plan.states import StoredCells, survey
from bench.stages import convergence, train
from bench.stages.attribute import ATTRIBUTE
from bench.stages.calibrate import CALIBRATE
from bench.stages.cohort import COHORT
from bench.stages.stage import Cell
from bench.stages.train import TRAIN
from bench.store import dropped, files
from bench.store.keys import canonical
from bench.store.schema import TABLES
from bench.study import Study
from bench.tables import maps, mechanisms, regions, simulator_audits, simulators, validity
from bench.tables.scores import ScoreTable

#: how records of models call the bound that the gate compares, and how tables do: other words there would make every
#: stored model stale
BOUND = ("competence at least", "lower bound of competence")
#: results of a calibration in models.csv
SEPARABILITY = ("asked", "reached", "low", "high")


@dataclass
class Writer:
    """Writes `results/<study>/` from what the store holds now."""

    study: Study

    def __post_init__(self) -> None:
        self.cells = Cells(self.study)
        self.states = survey(self.study)
        self.stored = StoredCells.of(self.study)
        self.score_table = ScoreTable(self.study, self.states, self.stored)

    def write(self) -> Path:
        """All tables; returns the folder."""
        folder = self.study.folder
        self.score_table.write(folder / "scores")
        _csv(folder / "models.csv", pd.DataFrame(list(self.models()), columns=MODELS.names))
        _csv(folder / "methods.csv", pd.DataFrame([self.method(m) for m in self.study.methods], columns=METHODS.names))
        _csv(folder / "metrics.csv", pd.DataFrame([self.metric(m) for m in self.study.metrics], columns=METRICS.names))
        _csv(folder / "validity.csv", pd.DataFrame(list(validity.validity_rows(self.study)), columns=VALIDITY.names))
        _csv(folder / "simulator_audits.csv", simulator_audits.of(self.study))
        sized = list(simulators.rows(self.study, self.cells, self.stored))
        _csv(folder / "simulators.csv", pd.DataFrame(sized, columns=SIMULATORS.names))
        _csv(folder / "failures.csv", self.score_table.failures().sort_values(FAILURES.names))
        done = list(self.done())
        _parquet(folder / "costs.parquet", pd.DataFrame([_cost(*d) for d in done], columns=COSTS.names))
        _parquet(folder / "provenance.parquet", pd.DataFrame([_provenance(*d) for d in done], columns=PROVENANCE.names))
        rows = list(regions.rows(self.study, self.cells, self.stored))
        _parquet(folder / "regions.parquet", pd.DataFrame(rows, columns=REGIONS.names))
        known = list(mechanisms.rows(self.study, self.cells, self.stored))
        _csv(folder / "mechanisms.csv", pd.DataFrame(known, columns=MECHANISMS.names))
        mapped = list(maps.rows(self.study, self.cells, self.stored))
        _csv(folder / "maps.csv", pd.DataFrame(mapped, columns=MAPS.names))
        files.write_bytes(folder / "study.json", (json.dumps(self.about(done), indent=1) + "\n").encode())
        return folder

    def models(self) -> Iterator[list[Any]]:
        """Every trained model with its competence; a model that could not be trained has a row saying why."""
        for unit in self.study.units:
            calibration, cohort, model = (self.cells.cell(stage, unit) for stage in (CALIBRATE, COHORT, TRAIN))
            where = [unit.simulator, unit.network, unit.data_seed, unit.model_seed]
            seeds = [unit.init_seed, unit.order_seed, self.cohort(cohort)]
            if self.stored.record(model) is None:
                record = {"passed": False, "reason": self.score_table.why(model, "failed")[1]}
                separability: dict[str, Any] = dict.fromkeys(SEPARABILITY, "")
            else:
                record = train.record(self.stored.folder(model))
                record["reason"] = str(record.get("reason", "")).replace(*BOUND)
                separability = self.stored.value(calibration)
            competence = [record.get(name, "") for name in COMPETENCE.names]
            yield [*where, *competence, *(separability[name] for name in SEPARABILITY), *seeds]

    def cohort(self, cell: Cell) -> str:
        """The first 16 digits of the checksum of the explained subjects; empty while they are not stored."""
        record = self.stored.record(cell) or {}
        return str(record.get("files", {}).get("cohort.safetensors", ""))[:16]

    def method(self, name: str) -> dict[str, Any]:
        """A row of methods.csv."""
        method = self.study.make("methods", name)
        tags = method.tags
        row: dict[str, Any] = {"method": name, **{tag: getattr(tags, tag) for tag in (*TAGS.names, "cost")}}
        row["truth"] = self.study.methods[name].get("truth", "")
        likeness = self.convergence(name) if convergence.asked(method) else []
        if likeness:
            mean = round(sum(likeness) / len(likeness), 6)
            row |= {"convergence": mean, "converged": mean >= CONVERGED}
        return row | _origin(method, self.study.methods[name])

    def convergence(self, name: str) -> list[float]:
        """Likeness of a method's maps to those made with other noise: a few subjects of each model."""
        cells = (self.cells.cell(ATTRIBUTE, unit, name) for unit in self.study.units)
        folders = (self.stored.folder(c) for c in cells if self.stored.record(c))
        return [r for folder in folders for r in convergence.read(folder)]

    def metric(self, name: str) -> dict[str, Any]:
        """A row of metrics.csv."""
        metric = self.study.make("metrics", name)
        tags = metric.tags
        return {
            "metric": name,
            "kind": tags.kind,
            "higher_is_better": tags.higher_is_better,
            "low": tags.bounds[0],
            "high": tags.bounds[1],
            "chance": "" if tags.chance is None else tags.chance,
            "floor": "" if tags.floor is None else tags.floor,
            "unit": tags.unit,
            "localisation": tags.localisation,
            "assisted": tags.assisted,
            "truths": " ".join(sorted(tags.truths)),
            "compared_on": self.study.metrics[name].get("truth", ""),
            **_origin(metric, self.study.metrics[name]),
        }

    def done(self) -> Iterator[tuple[Cell, dict[str, Any]]]:
        """Every distinct cell with a record, those of caches included."""
        for cell in self.cells.everything():
            record = self.stored.record(cell) or dropped.read(self.stored.artefacts, cell.key)
            if record and "cost" in record:
                yield cell, record

    def about(self, done: Sequence[tuple[Cell, dict[str, Any]]] = ()) -> dict[str, Any]:
        """The content of study.json; done: all cells with their records, which say what they were computed on."""
        study, settings = self.study, self.study.settings
        devices = {record["machine"]["device"] for _, record in done}
        machine = provenance.machine("; ".join(sorted(devices)) or machine_with(HOME))
        return {
            "schema": TABLES,
            "name": study.name,
            "command": shlex.join(["python", "-m", "bench", *study.command]),
            "created": provenance.now(),
            **{k: machine[k] for k in ("version", "git_sha", "git_dirty", "device", "python", "torch")},
            "headline": study.headline,
            "detect": {k: v for k, v in settings["detect"].items() if {k, v} <= set(study.simulators)},
            "against": settings["against"],
            "axes": {"simulator": list(study.simulators), "network": list(study.networks)},
            "data_seeds": settings["seed"]["data"],
            "model_seeds": settings["seed"]["model"],
            "explain": study.explain,
            "use": settings["use"],
            "views": settings["views"],
            "heads": {s: study.make("simulators", s).heads for s in study.simulators},
            "simulators": {s: study.make("simulators", s).summary for s in study.simulators},
            "networks": {n: study.networks[n]["_target_"] for n in study.networks},
        }


def _cost(cell: Cell, record: dict[str, Any]) -> list[Any]:
    return [*cost_place(cell), *(record["cost"][name] for name in USAGE.names)]


def _provenance(cell: Cell, record: dict[str, Any]) -> list[Any]:
    texts = [canonical(record[part]) for part in ("machine", "content", "config")]
    return [cell.stage, cell.key, cell.unit.id, cell.method, cell.metric, record["source"], record["date"], *texts]


def _origin(plugin: Any, node: dict[str, Any]) -> dict[str, Any]:
    parameters = canonical({k: v for k, v in node.items() if k != "_target_"})
    stated = {"version": plugin.version, "reference": plugin.reference, "summary": plugin.summary}
    return {**stated, "parameters": parameters}


def _csv(path: Path, table: pd.DataFrame) -> None:
    files.write_bytes(path, table.round(6).to_csv(index=False, lineterminator="\n").encode())


def _parquet(path: Path, table: pd.DataFrame) -> None:
    files.write_parquet(path, pa.Table.from_pandas(table, preserve_index=False))
