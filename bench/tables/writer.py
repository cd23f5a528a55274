"""The tables of a study, from the store: tidy scores, models, methods, metrics, failures, costs, provenance.

Everything but `study.json`, `costs.parquet` and `provenance.parquet` is deterministic: the same store gives the same
bytes.
"""

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from bench import provenance
from bench.passes.convergence import CONVERGED
from bench.plan.cells import Cells
from bench.plan.states import Ledger, survey
from bench.stages import convergence, train
from bench.stages.attribute import ATTRIBUTE
from bench.stages.calibrate import CALIBRATE
from bench.stages.cohort import COHORT
from bench.stages.stage import Cell
from bench.stages.train import TRAIN
from bench.store import files
from bench.store.keys import canonical
from bench.store.schema import TABLES
from bench.study import Study
from bench.tables import regions, simulator_audits, validity
from bench.tables.scores import Tidy

UNIT = ["simulator", "network", "data_seed", "model_seed"]
MODEL = ["auc", "auc_low", "auc_high", "auc_reference", "competence", "competence_low", "auc_off"]
MODEL += ["pair", "r2", "r2_low", "r2_high", "r2_reference", "r_off"]
MODEL += ["auc_decorrelated", "auc_reversed", "r2_decorrelated", "r2_reversed"]
MODEL += ["passed", "reason", "train_subjects", "epochs", "weights"]
FOUND = ["asked", "reached", "low", "high"]
#: what a model's seed stands for, and a hash of the explained subjects, which all models of a simulator share
DRAWN = ["init_seed", "order_seed", "cohort"]
COSTS = [*UNIT, "stage", "method", "metric", "seconds", "forward", "backward", "peak_mb"]
ORIGIN = ["stage", "key", "unit", "method", "metric", "source", "date", "machine", "content", "config"]
FAILURES = [*UNIT, "stage", "method", "metric", "status", "reason"]


@dataclass
class Writer:
    """Writes `results/<study>/` from what the store holds now."""

    study: Study

    def __post_init__(self) -> None:
        self.cells = Cells(self.study)
        self.states = survey(self.study)
        self.ledger = Ledger.of(self.study)
        self.tidy = Tidy(self.study, self.states, self.ledger)

    def write(self) -> Path:
        """All tables; returns the folder."""
        folder = self.study.folder
        failures = pd.DataFrame(list(self.tidy.failures()), columns=FAILURES)
        self.tidy.write(folder / "scores")
        _csv(
            folder / "models.csv",
            pd.DataFrame(list(self.models()), columns=[*UNIT, *MODEL, *(f"separability_{f}" for f in FOUND), *DRAWN]),
        )
        _csv(folder / "methods.csv", pd.DataFrame([self.method(m) for m in self.study.methods]))
        _csv(folder / "metrics.csv", pd.DataFrame([self.metric(m) for m in self.study.metrics]))
        _csv(folder / "validity.csv", pd.DataFrame(list(validity.matrix(self.study)), columns=validity.COLUMNS))
        _csv(folder / "simulator_audits.csv", simulator_audits.of(self.study))
        _csv(folder / "failures.csv", failures.sort_values(FAILURES))
        done = list(self.done())
        _parquet(folder / "costs.parquet", pd.DataFrame([_cost(*d) for d in done], columns=COSTS))
        _parquet(folder / "provenance.parquet", pd.DataFrame([_origin(*d) for d in done], columns=ORIGIN))
        found = list(regions.rows(self.study, self.cells, self.ledger))
        _parquet(folder / "regions.parquet", pd.DataFrame(found, columns=regions.COLUMNS))
        files.write_bytes(folder / "study.json", (json.dumps(self.about(), indent=1) + "\n").encode())
        return folder

    def models(self) -> Iterator[list[Any]]:
        """Every trained model with its competence; a model that could not be trained has a row saying why."""
        for unit in self.study.units:
            calibration, cohort, model = (self.cells.cell(stage, unit) for stage in (CALIBRATE, COHORT, TRAIN))
            where = [unit.simulator, unit.network, unit.data_seed, unit.model_seed]
            drawn = [unit.init_seed, unit.order_seed, self.cohort(cohort)]
            if self.ledger.record(model) is None:
                reason = self.tidy.why(model, "failed")[1]
                told = (reason if m == "reason" else False if m == "passed" else "" for m in MODEL)
                yield [*where, *told, *[""] * len(FOUND), *drawn]
                continue
            record = train.record(self.ledger.folder(model))
            found = self.ledger.value(calibration)
            yield [*where, *(record.get(m, "") for m in MODEL), *(found[f] for f in FOUND), *drawn]

    def cohort(self, cell: Cell) -> str:
        """The first 16 digits of the checksum of the explained subjects; empty while they are not stored."""
        record = self.ledger.record(cell) or {}
        return str(record.get("files", {}).get("cohort.safetensors", ""))[:16]

    def method(self, name: str) -> dict[str, Any]:
        """A row of methods.csv."""
        method = self.study.make("methods", name)
        tags = method.tags
        told = {t: getattr(tags, t) for t in ("family", "quantity", "role", "reads_model", "signed", "stochastic")}
        found = self.convergence(name) if convergence.asked(method) else []
        known: dict[str, Any] = {"cost": tags.cost, "convergence": "", "converged": ""}
        if found:
            mean = round(sum(found) / len(found), 6)
            known |= {"convergence": mean, "converged": mean >= CONVERGED}
        return {"method": name, **told, **known, **_told(method, self.study.methods[name])}

    def convergence(self, name: str) -> list[float]:
        """How far maps of a method came out the same with other noise: a few subjects of each model."""
        cells = (self.cells.cell(ATTRIBUTE, unit, name) for unit in self.study.units)
        folders = (self.ledger.folder(c) for c in cells if self.ledger.record(c))
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
            **_told(metric, self.study.metrics[name]),
        }

    def done(self) -> Iterator[tuple[Cell, dict[str, Any]]]:
        """Every distinct cell with a record, those of caches included."""
        seen: dict[str, Cell] = {c.key: c for states in self.states.values() for c, _ in states.values()}
        seen |= {cache.key: cache for cell in list(seen.values()) for cache in cell.caches}
        for cell in seen.values():
            record = self.ledger.record(cell)
            if record and "cost" in record:
                yield cell, record

    def about(self) -> dict[str, Any]:
        """The content of study.json."""
        study, settings = self.study, self.study.settings
        machine = provenance.machine()
        return {
            "schema": TABLES,
            "name": study.name,
            "created": provenance.now(),
            **{k: machine[k] for k in ("version", "git_sha", "git_dirty", "device", "python", "torch")},
            "headline": study.headline,
            "detect": {k: v for k, v in settings["detect"].items() if {k, v} <= set(study.simulators)},
            "against": settings["against"],
            "axes": {"simulator": list(study.simulators), "network": list(study.networks)},
            "data_seeds": settings["seed"]["data"],
            "model_seeds": settings["seed"]["model"],
            "explain": settings["explain"],
            "use": settings["use"],
            "views": settings["views"],
            "simulators": {s: _summary(study.make("simulators", s)) for s in study.simulators},
            "networks": {n: study.networks[n]["_target_"] for n in study.networks},
        }


def _cost(cell: Cell, record: dict[str, Any]) -> list[Any]:
    unit, cost = cell.unit, record["cost"]
    # models on permuted labels may be trained longer, and would spoil the means of those that are reported
    stage = f"{cell.stage}-permuted" if unit.permuted else cell.stage
    where = [unit.simulator, unit.network, unit.data_seed, unit.model_seed, stage, cell.method, cell.metric]
    return [*where, *(cost[c] for c in ("seconds", "forward", "backward", "peak_mb"))]


def _origin(cell: Cell, record: dict[str, Any]) -> list[Any]:
    texts = [canonical(record[part]) for part in ("machine", "content", "config")]
    return [cell.stage, cell.key, cell.unit.id, cell.method, cell.metric, record["source"], record["date"], *texts]


def _told(plugin: Any, node: dict[str, Any]) -> dict[str, Any]:
    parameters = canonical({k: v for k, v in node.items() if k != "_target_"})
    return {
        "version": plugin.version,
        "reference": plugin.reference,
        "summary": _summary(plugin),
        "parameters": parameters,
    }


def _summary(plugin: Any) -> str:
    paragraph = getattr(plugin, "summary", "") or (inspect.getdoc(type(plugin)) or "").partition("\n\n")[0]
    return " ".join(paragraph.split())


def _csv(path: Path, table: pd.DataFrame) -> None:
    files.write_bytes(path, table.round(6).to_csv(index=False, lineterminator="\n").encode())


def _parquet(path: Path, table: pd.DataFrame) -> None:
    files.write_parquet(path, pa.Table.from_pandas(table, preserve_index=False))
