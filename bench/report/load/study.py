"""One study on disk: its small tables, and its scores read partition by partition."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.report.load.schema import COSTS, FAILURES, FLAGS, METHODS, METRICS, MODELS, SCORES, STATUSES, TEXT, WHOLE

#: what studies declared before they said so themselves
AGAINST = {"methods": ["controls", "gradient"]}


class BadTables(ValueError):
    """A results folder that is missing, incomplete or inconsistent: one sentence naming the file and the fault."""


@dataclass(frozen=True)
class Headline:
    """What one ranking ranks by: a metric on a truth, seen through a view, over the strata named (none = all)."""

    ranking: str
    metric: str
    truth: str
    view: str
    strata: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """The tables of one study; `partitions` yields the long scores, one simulator and network at a time."""

    folder: Path
    about: dict[str, Any]
    models: pd.DataFrame
    methods: pd.DataFrame
    metrics: pd.DataFrame
    failures: pd.DataFrame
    costs: pd.DataFrame

    @classmethod
    def load(cls, folder: Path) -> "Study":
        """Read and validate `results/<study>/`; raises BadTables."""
        folder = Path(folder)
        small = {name: _csv(folder / f"{name}.csv", columns) for name, columns in _SMALL.items()}
        study = cls(folder, _about(folder / "study.json"), costs=_parquet(folder / "costs.parquet", COSTS), **small)
        for key, table in (("method", study.methods), ("metric", study.metrics)):
            if table[key].duplicated().any():
                raise BadTables(f"{folder / f'{key}s.csv'} lists {table[key][table[key].duplicated()].iloc[0]!r} twice")
        for ranking, headline in study.about["headline"].items():
            if headline["metric"].split(".")[0] not in set(study.metrics["metric"]):
                lacking = f"{headline['metric']!r}, which {folder / 'metrics.csv'} lacks"
                raise BadTables(f"study.json ranks '{ranking}' by {lacking}")
        return study

    @property
    def headlines(self) -> list[Headline]:
        """The rankings of the study, in the order in which study.json gives them; only maps are seen through a view."""
        return [
            Headline(name, h["metric"], h["truth"], h.get("view", self._view(h["metric"])), tuple(h.get("strata", ())))
            for name, h in self.about["headline"].items()
        ]

    @property
    def against(self) -> dict[str, list[str]]:
        """The comparisons declared: what a method, or `methods`, is to be better than, a method or `controls`."""
        return dict(self.about.get("against", AGAINST))

    def _view(self, metric: str) -> str:
        return "abs" if self.metric(metric)["kind"] == "map" else ""

    @property
    def simulators(self) -> list[str]:
        """Simulators with at least one model, in the order in which study.json gives them."""
        return _ordered(self.about.get("simulators", {}), set(self.models["simulator"]))

    @property
    def networks(self) -> list[str]:
        """Networks with at least one model, in the order in which study.json gives them."""
        return _ordered(self.about.get("networks", {}), set(self.models["network"]))

    @property
    def main_network(self) -> str:
        """The network with the most models through the gate; among equals the one that separates best."""
        strength = self.models.groupby("network").agg(passed=("passed", "sum"), auc=("auc", "mean")).reset_index()
        return str(strength.sort_values(["passed", "auc", "network"]).iloc[-1]["network"])

    def role(self, method: str) -> str:
        """`method`, `control` or `oracle`."""
        return str(self.methods.set_index("method")["role"].get(method, "method"))

    def metric(self, name: str) -> pd.Series:
        """The row of metrics.csv behind a metric or one of its columns (`name.column`)."""
        return self.metrics[self.metrics["metric"] == name.split(".")[0]].iloc[0]

    @property
    def parts(self) -> dict[tuple[str, str], list[Path]]:
        """The score files of every partition (simulator, network), sorted by name."""
        found = {}
        for folder in sorted((self.folder / "scores").glob("simulator=*/network=*")):
            simulator, network = folder.parent.name.split("=", 1)[1], folder.name.split("=", 1)[1]
            if files := sorted(folder.glob("*.parquet")):
                found[simulator, network] = files
        return found

    def partitions(self) -> Iterator[tuple[str, str, pd.DataFrame]]:
        """(simulator, network, scores) of every partition, sorted by name; one is in memory at a time."""
        for where in self.parts:
            yield *where, self.partition(*where)

    def partition(self, simulator: str, network: str) -> pd.DataFrame:
        """The scores of one simulator and network; raises BadTables."""
        files = self.parts[simulator, network]
        scores = _scores(files, simulator, network)
        self._check_names(files[0].parent, scores)
        return scores

    def _check_names(self, folder: Path, scores: pd.DataFrame) -> None:
        methods, metrics = set(scores["method"]), {str(name).split(".")[0] for name in scores["metric"].unique()}
        missing = {"method": methods - set(self.methods["method"]), "metric": metrics - set(self.metrics["metric"])}
        for kind, names in missing.items():
            if unknown := sorted(names):
                raise BadTables(f"{folder} scores the {kind} {unknown[0]!r}, which {kind}s.csv does not list")


_SMALL = {"models": MODELS, "methods": METHODS, "metrics": METRICS, "failures": FAILURES}


def _about(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BadTables(f"{path} is missing: {path.parent} is not the results folder of a study")
    about = json.loads(path.read_text(encoding="utf-8"))
    if missing := [key for key in ("name", "created", "version", "git_sha", "headline") if key not in about]:
        raise BadTables(f"{path} lacks {', '.join(missing)}")
    return about


def _csv(path: Path, columns: list[str]) -> pd.DataFrame:
    if not path.is_file():
        raise BadTables(f"{path} is missing")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    _check_columns(path, list(table.columns), columns)
    return table.assign(**{name: _typed(path, table[name]) for name in columns if name not in TEXT})[columns]


def _typed(path: Path, column: pd.Series) -> pd.Series:
    if column.name in FLAGS:
        if unknown := sorted(set(column.str.lower()) - {"true", "false"}):
            raise BadTables(f"{path}: column {column.name} holds {unknown[0]!r}, which is neither True nor False")
        return column.str.lower() == "true"
    try:
        numbers = pd.Series([float(text or "nan") for text in column], column.index, dtype=float)
        return numbers.astype("int64") if column.name in WHOLE else numbers
    except ValueError as error:
        raise BadTables(f"{path}: column {column.name} holds something that is no number ({error})") from error


def _parquet(path: Path, columns: list[str]) -> pd.DataFrame:
    if not path.is_file():
        raise BadTables(f"{path} is missing")
    _check_columns(path, pq.read_schema(path).names, columns)
    return pq.ParquetFile(path).read(columns=columns).to_pandas()


def _scores(files: list[Path], simulator: str, network: str) -> pd.DataFrame:
    """One partition, texts as categories; its folder names fill the columns that a writer leaves to them."""
    named = {"simulator": simulator, "network": network}
    table = pa.concat_tables([_raw(file, list(named)) for file in files]).unify_dictionaries()
    scores = table.to_pandas(self_destruct=True, split_blocks=True)
    columns = {name: _category(scores[name]) for name in SCORES if name in TEXT and name in scores}
    zero = np.zeros(len(scores), dtype=np.int8)
    folders = {name: pd.Categorical.from_codes(zero, pd.Index([text])) for name, text in named.items()}
    return scores.assign(**columns, **folders)[SCORES]


def _raw(file: Path, named: list[str]) -> pa.Table:
    """The columns of one score file, texts as dictionaries: a text is decoded once, not once a row."""
    present = pq.read_schema(file).names
    _check_columns(file, [*present, *named], SCORES)
    wanted = [name for name in SCORES if name in present and name not in named]
    table = pq.ParquetFile(file, read_dictionary=[name for name in wanted if name in TEXT]).read(columns=wanted)
    if unknown := sorted(set(table["status"].unique().to_pylist()) - set(STATUSES)):
        raise BadTables(f"{file}: status {unknown[0]!r} is not one of {', '.join(STATUSES)}")
    return table


def _category(text: pd.Series) -> pd.Series:
    """The same categories in the order of their names, with "" for what is missing."""
    missing = [""] if text.isna().any() and "" not in text.cat.categories else []
    return text.cat.set_categories(sorted([*text.cat.categories, *missing])).fillna("")


def _check_columns(path: Path, found: list[str], wanted: list[str]) -> None:
    if missing := [name for name in wanted if name not in found]:
        raise BadTables(f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")


def _ordered(declared: Any, present: set[str]) -> list[str]:
    known = [name for name in declared if name in present]
    return known + sorted(present - set(known))
