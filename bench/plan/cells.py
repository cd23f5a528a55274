"""Cells: the smallest things that are computed, stored, and can fail, each with its key and what it is made from."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Any

from bench.plan import pretraining
from bench.stages.recipe import identity
from bench.store.keys import describe, key
from bench.store.sources import of_modules, of_node
from bench.study import Study, Unit

#: raised when the meaning of a stage changes, so that older artefacts no longer answer for it
VERSIONS = {
    "calibrate": "1",
    "simulate": "1",
    "bank": "1",
    "images": "2",
    "train": "1",
    "truths": "2",
    "effects": "2",
    "attribute": "1",
    "untrained": "1",
    "measure": "1",
    "compare": "2",
}


@dataclass(frozen=True, eq=False)
class Cell:
    """One artefact, or the scores of one (method, metric).

    content: what the key hashes. needs: the cells it is made from. source: hash of the code behind it. folder: key of
    the score folder, empty for artefacts. parts: the needs of a comparison, by what they are.
    """

    stage: str
    name: str
    content: dict[str, Any]
    unit: Unit
    needs: tuple["Cell", ...] = ()
    source: str = ""
    method: str = ""
    metric: str = ""
    folder: str = ""
    parts: dict[str, list["Cell"]] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """16 hexadecimal digits."""
        return key({"stage": self.stage, "version": VERSIONS[self.stage], **self.content})

    @property
    def title(self) -> str:
        """What is being done, for people."""
        return " ".join(t for t in (self.stage, self.method, self.metric) if t)


class Cells:
    """The cells of a study; equal cells of different units have equal keys."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._described: dict[tuple[str, str], Any] = {}
        self._of: dict[Unit, _UnitCells] = {}

    def of(self, unit: Unit) -> Iterator[Cell]:
        """Cells of a unit, arm or group in the order of work: every cell after what it needs."""
        if unit.group:
            return self.group(unit)
        return self.unit(unit).explained() if unit.permuted else self.unit(unit).all()

    def unit(self, unit: Unit) -> "_UnitCells":
        """The cells of one model, by name."""
        if unit not in self._of:
            self._of[unit] = _UnitCells(self, unit)
        return self._of[unit]

    def metrics(self, compare: bool) -> list[str]:
        """Metrics over one model, or those that compare models."""
        kinds = {m: self.study.make("metrics", m).tags.kind for m in self.study.metrics}
        return [m for m, kind in kinds.items() if (kind == "compare") == compare]

    def describe(self, group: str, label: str) -> str:
        """Key of a node with its defaults bound; hashed once, because thousands of cells name it."""
        at = (group, label)
        if at not in self._described:
            node = self.study.node(group, label)
            self._described[at] = key(describe(node, tuple(self.study.settings["trusted"]), label))
        found: str = self._described[at]
        return found

    def configuration(self, cell: Cell) -> dict[str, Any]:
        """The nodes a cell is made by, as configured; nodes of the cells it needs stand in their own records."""
        study, unit = self.study, cell.unit
        if cell.method or cell.metric:
            found = {"method": study.methods.get(cell.method), "metric": study.metrics.get(cell.metric)}
        else:
            trained = {"network": study.networks[unit.network], "train": study.training(unit)}
            found = {"simulator": study.simulators[unit.simulator], **(trained if cell.stage == "train" else {})}
        return {name: node for name, node in found.items() if node is not None}

    def source(self, group: str, label: str) -> str:
        """Hash of the code behind a node."""
        return of_node(self.study.node(group, label))

    def group(self, group: Unit) -> Iterator[Cell]:
        """Cells that compare the models of a simulator and network."""
        metrics = self.metrics(compare=True)
        members = [self.unit(u) for u in self.study.members(group)]
        # networks of one initialisation are the same before training, whatever they are trained on
        first = {m.unit.init_seed: m for m in reversed(members)}
        for method in self.study.methods if metrics else ():
            parts = {
                "maps": [m.attribute(method) for m in members],
                "untrained": [first[seed].untrained(method) for seed in sorted(first)],
                "uses": [m.truths for m in members],
                "models": [m.train for m in members],
            }
            yield from parts["untrained"]
            for metric in metrics:
                yield self._compare(group, method, metric, {**parts, **self._arms(metric, method, members)})

    def _arms(self, metric: str, method: str, members: list["_UnitCells"]) -> dict[str, list[Cell]]:
        """The maps, and the models, of the arms that a metric needs."""
        if "permuted" not in self.study.make("metrics", metric).tags.needs:
            return {}
        arms = [self.unit(replace(m.unit, permuted=True)) for m in members]
        return {"permuted": [arm.attribute(method) for arm in arms], "memorised": [arm.train for arm in arms]}

    def _compare(self, group: Unit, method: str, metric: str, parts: dict[str, list[Cell]]) -> Cell:
        keys = {part: [c.content.get("maps", c.key) for c in cells] for part, cells in parts.items()}
        return Cell(
            "compare",
            f"{group.id}-{method}",
            {"metric": self.describe("metrics", metric), "kept": self.study.kept, **keys},
            group,
            (self.unit(parts["maps"][0].unit).cohort, *chain.from_iterable(parts.values())),
            self.source("metrics", metric),
            method,
            metric,
            folder=key({"compare": keys["maps"]}),
            parts=parts,
        )


class _UnitCells:
    """The cells of one model."""

    def __init__(self, cells: Cells, unit: Unit) -> None:
        self.cells, self.unit, self.settings = cells, unit, cells.study.settings
        self._made: dict[tuple[str, str], Cell] = {}

    def all(self) -> Iterator[Cell]:
        """Every cell in the order of work; metrics outermost, so that methods share their perturbations."""
        yield from (self.calibration, self.cohort, self.train, self.truths, self.effects)
        methods = list(self.cells.study.methods)
        yield from (self.attribute(m) for m in methods)
        for metric in self.cells.metrics(compare=False):
            yield from (self.measure(m, metric) for m in methods)

    def explained(self) -> Iterator[Cell]:
        """The maps of every method, each after what it is made from."""
        for method in self.cells.study.methods:
            maps = self.attribute(method)
            yield from (*maps.needs, maps)

    @cached_property
    def calibration(self) -> Cell:
        """The amplitude at which the simulator is as separable as asked."""
        content = {"simulator": self.cells.describe("simulators", self.unit.simulator)}
        return self._cell("calibrate", content, source=self._source("simulators", "bench.stages.calibrate"))

    @cached_property
    def cohort(self) -> Cell:
        """The explained subjects."""
        content = {"calibration": self.calibration.key, **self.settings["explain"]}
        return self._cell("simulate", content, (self.calibration,), self._source("simulators", "bench.stages.simulate"))

    @cached_property
    def images(self) -> Cell:
        """The training, validation and test images: a cache, made when a model of this data seed is trained."""
        train = self.cells.study.training(self.unit)
        sizes = {k: train.get(k) for k in ("subjects", "validation", "test")}
        content = {"calibration": self.calibration.key, "data_seed": self.unit.data_seed, **sizes}
        return self._cell("images", content, (self.calibration,), self._source("simulators", "bench.stages.images"))

    @cached_property
    def bank(self) -> Cell | None:
        """Healthy subjects of the data seed: a cache simulators share; None without one."""
        made = self.cells.study.make("simulators", self.unit.simulator)
        banked = made.banked(self.cells.study.simulators[self.unit.simulator])
        if banked is None:
            return None
        parts = describe(banked, tuple(self.settings["trusted"]), self.unit.simulator)
        sizes = {k: self.images.content[k] for k in ("data_seed", "subjects", "validation", "test")}
        source = self._source("simulators", "bench.stages.images")
        return self._cell("bank", {"parts": key(parts), **sizes}, source=source)

    @cached_property
    def train(self) -> Cell:
        """The trained model."""
        unit = self.unit
        pair = {"init_seed": unit.init_seed, "order_seed": unit.order_seed}
        content = {
            "calibration": self.calibration.key,
            "network": self.cells.describe("networks", unit.network),
            "train": identity(self.cells.study.training(unit)),
            "data_seed": unit.data_seed,
            **(pair if unit.crossed else {"model_seed": unit.model_seed}),
            **({"start": self.start.key} if self.start else {}),
        }
        needs = (self.calibration, *([self.start] if self.start else []))
        return self._cell("train", content, needs, self._source("networks", "bench.stages.train"))

    @cached_property
    def start(self) -> Cell | None:
        """The trained model of another simulator that training goes on from; None from scratch."""
        found = pretraining.source(self.cells.study, self.unit)
        return self.cells.unit(found).train if found else None

    @cached_property
    def truths(self) -> Cell:
        """The truth `use` of this model."""
        sizes = {k: self.settings["use"][k] for k in ("draws", "subjects")}
        content = {"model": self.train.key, "cohort": self.cohort.key, **sizes}
        source = self._source("simulators", "bench.stages.truths")
        return self._cell("truths", content, (self.calibration, self.cohort, self.train), source)

    @cached_property
    def effects(self) -> Cell:
        """What this model does with the pathology of single regions."""
        sizes = {k: self.settings["use"][k] for k in ("subjects", "players")}
        content = {"model": self.train.key, "cohort": self.cohort.key, **sizes}
        needs = (self.calibration, self.cohort, self.train)
        return self._cell("effects", content, needs, self._source("simulators", "bench.stages.effects"))

    def attribute(self, method: str) -> Cell:
        """The maps of a method."""
        return self._maps("attribute", method)

    def untrained(self, method: str) -> Cell:
        """The maps of a method on the same network before training."""
        return self._maps("untrained", method)

    def measure(self, method: str, metric: str) -> Cell:
        """The scores of a method by a metric."""
        tags = self.cells.study.make("metrics", metric).tags
        maps = self.attribute(method)
        content: dict[str, Any] = {"metric": self.cells.describe("metrics", metric), "maps": maps.content["maps"]}
        if tags.kind == "map":
            content["views"] = self.settings["views"]
        uses = (self.truths,) if "use" in tags.truths else ()
        content["use"] = [cell.key for cell in uses]
        needs = (self.calibration, self.cohort, self.train, maps, *uses)
        folder = str(maps.content["maps"])
        source = self.cells.source("metrics", metric)
        return self._cell("measure", content, needs, source, method, metric, folder)

    def _maps(self, stage: str, method: str) -> Cell:
        if (stage, method) not in self._made:
            self._made[stage, method] = self._new_maps(stage, method)
        return self._made[stage, method]

    def _new_maps(self, stage: str, method: str) -> Cell:
        needs = self.cells.study.make("methods", method).tags.needs
        content: dict[str, Any] = {
            "model": self.train.key,
            "cohort": self.cohort.key,
            "method": self.cells.describe("methods", method),
        }
        if "truth:use" in needs:
            content["use"] = self.truths.key
        upstream = (self.calibration, self.cohort, self.train, *((self.truths,) if "truth:use" in needs else ()))
        # What is computed from the maps depends on the maps, not on how many of them are kept on disk.
        content = {"maps": key({"stage": stage, "version": VERSIONS[stage], **content}), "kept": self.cells.study.kept}
        return self._cell(stage, content, upstream, self.cells.source("methods", method), method)

    def _cell(
        self,
        stage: str,
        content: dict[str, Any],
        needs: tuple[Cell, ...] = (),
        source: str = "",
        method: str = "",
        metric: str = "",
        folder: str = "",
    ) -> Cell:
        shared = {"calibrate": self.unit.simulator, "simulate": self.unit.simulator}
        seeded = {"images": f"{self.unit.simulator}-d{self.unit.data_seed}", "bank": f"d{self.unit.data_seed}"}
        name = {**shared, **seeded}.get(stage, self.unit.id) + (f"-{method}" if method else "")
        return Cell(stage, name, content, self.unit, needs, source, method, metric, folder)

    def _source(self, group: str, stage: str) -> str:
        label = self.unit.network if group == "networks" else self.unit.simulator
        return of_modules((stage,)) + self.cells.source(group, label)
