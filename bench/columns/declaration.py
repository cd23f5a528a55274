"""Columns as declared, and those that several tables have."""

from dataclasses import dataclass
from typing import Literal, get_args

import pyarrow as pa

ColumnType = Literal["text", "flag", "whole", "number"]
_ARROW = {"text": pa.string(), "flag": pa.bool_(), "whole": pa.int64(), "number": pa.float64()}


@dataclass(frozen=True)
class Column:
    """One column. kind: `text`; `flag`, True or False; `whole`, never missing; `number`, empty where there is none."""

    name: str
    kind: ColumnType
    description: str


@dataclass(frozen=True)
class Columns:
    """Columns of a table, or of a part of one, in their order."""

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, lines: str) -> "Columns":
        """The columns of lines `name kind description`; raises ValueError for an unknown kind."""
        parts = [line.split(maxsplit=2) for line in lines.strip().splitlines()]
        if unknown := {kind for _, kind, _ in parts} - set(get_args(ColumnType)):
            raise ValueError(f"columns are {', '.join(get_args(ColumnType))}, and not {', '.join(sorted(unknown))}")
        return cls(tuple(Column(name, kind, description) for name, kind, description in parts))  # type: ignore[arg-type]

    def __add__(self, other: "Columns") -> "Columns":
        """The columns of both, one after the other."""
        return Columns((*self.columns, *other.columns))

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return [column.name for column in self.columns]

    def after(self, shared: "Columns") -> list[str]:
        """Names of the columns beside those of `shared`."""
        return [name for name in self.names if name not in shared.names]

    def only(self, *names: str) -> "Columns":
        """The columns of these names, in this order."""
        known = {column.name: column for column in self.columns}
        return Columns(tuple(known[name] for name in names))

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow types."""
        return pa.schema([(column.name, _ARROW[column.kind]) for column in self.columns])

    def kind(self, kind: ColumnType) -> set[str]:
        """Names of the columns of one kind."""
        return {column.name for column in self.columns if column.kind == kind}


PLACE = Columns.of("""
simulator            text    name of the simulator, of a group of them, or `all` in a row over all
network              text    name of the network
""")
SEEDS = Columns.of("""
data_seed            whole   seed of the training, validation and test subjects; -1 for all models together
model_seed           whole   seed of initialisation and training order; -1 for all models together
""")
UNIT = PLACE + SEEDS
CASE = Columns.of("""
metric               text    name of the metric, or of one of its columns as metric.column
truth                text    truth that maps are scored against; empty for a metric that reads none
view                 text    sign and smoothing through which maps are seen; empty for metrics that see no maps
""")
_NAME = Columns.of("ranking text name of the ranking in study.json")
RANKING = _NAME + CASE + PLACE.only("network")
CONTEST = _NAME + CASE + PLACE
MEAN = Columns.of("""
mean                 number  mean of the metric
low                  number  lower end of its 95 % interval
high                 number  upper end of its 95 % interval
""")
METHOD = Columns.of("method text name of the method")
ORIGIN = Columns.of("""
version              text    version of the plug-in
reference            text    citation
summary              text    one sentence on what it is
parameters           text    its parameters as JSON
""")
