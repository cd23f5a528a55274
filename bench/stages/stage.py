"""A stage: one kind of cell, with its key and needs, how it is made, stored and read, and what it costs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import torch

from bench.devices.moving import HOME, moved
from bench.passes.counting import Passes
from bench.store.keys import key
from bench.store.sources import of_modules
from bench.study import Node, Study, Unit

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class Cell:
    """The smallest thing that is computed, stored, and can fail: one artefact, or the scores of one (method, metric).

    maker: the stage that makes it. name: of its folder, for people. content: what the key hashes. needs: the cells it
    is made from. source: hash of the code behind it. folder: key of the score folder, empty for artefacts. caches:
    cells that are made on the way to it. parts: the needs of a comparison, by what they are.
    """

    maker: "Stage[Any]"
    name: str
    content: dict[str, Any]
    unit: Unit
    needs: tuple["Cell", ...] = ()
    source: str = ""
    method: str = ""
    metric: str = ""
    folder: str = ""
    caches: tuple["Cell", ...] = ()
    parts: dict[str, list["Cell"]] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        """The name of its stage."""
        return self.maker.name

    @cached_property
    def key(self) -> str:
        """16 hexadecimal digits."""
        return key({"stage": self.maker.name, "version": self.maker.version, **self.content})

    @property
    def begun(self) -> str:
        """The name of what an interrupted call left of it, which other code than there is now does not go on from."""
        return f"{self.key}-{key(self.source)}"

    @cached_property
    def upstream(self) -> frozenset[str]:
        """The keys of its needs."""
        return frozenset(need.key for need in self.needs)

    @property
    def title(self) -> str:
        """Stage, method and metric, for people."""
        return " ".join(t for t in (self.stage, self.method, self.metric) if t)


class Graph(Protocol):
    """The cells of a study, as stages ask for them (`bench.plan.cells.Cells`)."""

    study: Study

    def cell(self, stage: "Stage[Any]", unit: Unit, method: str = "", metric: str = "") -> Cell:
        """A cell of a stage, the same object at every call."""

    def describe(self, group: str, label: str) -> str:
        """Key of a node with its defaults bound."""

    def source(self, group: str, label: str) -> str:
        """Hash of the code behind a node."""


class Stage(ABC, Generic[Value]):
    """One object in one file of this folder, found by looking through the folder.

    name: what keys and folders of the store call it. version: raised when its meaning changes, so that older cells no
    longer answer for it. cache: its cells are no work of a plan, but made on the way. network: a network takes part,
    so that prices differ between networks. priced_as: the stage whose prices serve where nobody timed its own. keeps:
    what its files are called where `plan` tells the disk they fill. lower: keys to lower where the memory of the
    device does not suffice.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    cache: ClassVar[bool] = False
    network: ClassVar[bool] = True
    priced_as: ClassVar[str] = ""
    keeps: ClassVar[str] = ""
    lower: ClassVar[str] = "hydra.launcher.n_jobs"

    @abstractmethod
    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """The cell of a unit, and of a method and metric where the stage has one for each."""

    def cells(self, graph: Graph, unit: Unit) -> Iterable[Cell]:
        """The cells that a unit, arm or group is planned with; those of an arm's needs follow by themselves."""
        return () if self.cache or unit.group or unit.permuted else (graph.cell(self, unit),)

    @abstractmethod
    def make(self, given: "Given") -> tuple[Any, Passes]:
        """The value as `write` wants it, rows where the cell has a `folder`, and what it asked of the network.

        Raises:
            Unsupported: where there can be no value.
        """

    def write(self, folder: Path, value: Any) -> None:
        """Store the value in an empty folder; never called where the cell has a `folder` of scores."""
        raise NotImplementedError(f"stage {self.name} has no `write`")

    def read(self, folder: Path, study: Study, cell: Cell) -> Value:
        """The value that was written; never called where the cell has a `folder` of scores."""
        raise NotImplementedError(f"stage {self.name} has no `read`")

    def work(self, study: Study, cell: Cell) -> float:
        """Images that pass through the network or simulator, which a price grows with; here every explained subject."""
        return float(study.settings["explain"]["subjects"])

    def disk(self, study: Study, cell: Cell, voxels: int) -> float:
        """Bytes that a cell's files take, about; 0 of what fills no disk. voxels: of an image."""
        return 0.0

    def takes_part(self, study: Study, cell: Cell) -> frozenset[str]:
        """`network`, `method` or both: what a price depends on beside stage and metric."""
        return frozenset({"network", "method"} if self.network else {"method"})

    def configuration(self, study: Study, cell: Cell) -> dict[str, Node]:
        """The nodes a cell is made by, as configured; nodes of the cells it needs stand in their own records."""
        chosen = {"method": study.methods.get(cell.method), "metric": study.metrics.get(cell.metric)}
        nodes = {name: node for name, node in chosen.items() if node is not None}
        return nodes or {"simulator": study.simulators[cell.unit.simulator]}

    def committed(self, cell: Cell) -> Path | None:
        """A file beside the code that stands for the stored folder, where there is one."""
        return None

    def code(self, graph: Graph, group: str, label: str) -> str:
        """Hash of the stage's own module and of the code behind a node."""
        return of_modules((type(self).__module__,)) + graph.source(group, label)


@dataclass(frozen=True)
class Given:
    """All that a stage makes a cell from.

    stored: gives the value of another cell, always as it was read back from the store, so that a resumed run meets the
    same bytes as a fresh one. progress: takes the share that is done. once: `make()` once per key for the life of the
    unit. device: where models run. Stored values lie in main memory, and what a stage makes is brought back there.
    """

    graph: Graph
    cell: Cell
    stored: Callable[[Cell], Any]
    progress: Callable[[float], None]
    once: Callable[[Hashable, Callable[[], Any]], Any]
    device: torch.device = HOME

    @property
    def study(self) -> Study:
        """The study."""
        return self.graph.study

    @property
    def unit(self) -> Unit:
        """The unit whose cell is made."""
        return self.cell.unit

    def value(self, stage: Stage[Value], method: str = "") -> Value:
        """The value of the unit's cell of a stage."""
        value: Value = self.of(self.graph.cell(stage, self.unit, method))
        return value

    def there(self, stage: Stage[Value], method: str = "") -> Value:
        """The value of the unit's cell of a stage, on the device; copied there once for the life of the unit."""
        cell = self.graph.cell(stage, self.unit, method)
        value: Value = self.of(cell)
        if self.device == HOME:
            return value
        copy: Value = self.once(("on the device", cell.key), lambda: moved(value, self.device))
        return copy

    def of(self, cell: Cell) -> Any:
        """The value of a cell.

        Raises:
            LookupError: where the cell made does not name it, so that its key would not depend on it.
        """
        if not cell.maker.cache and cell.key not in self.cell.upstream:
            raise LookupError(f"{self.cell.title} asks for {cell.title}, which is not among its needs: name it there")
        return self.stored(cell)

    def at(self, cell: Cell) -> "Given":
        """The same for one of the cells it is made from."""
        return replace(self, cell=cell)
