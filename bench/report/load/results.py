"""One study on disk: its small tables, and its scores read partition by partition."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.columns import written
from bench.columns.metric_names import MetricName
from bench.report.load import files
from bench.report.load.files import BadTables

_SMALL = ("models", "methods", "metrics", "failures", "validity", "simulator_audits", "mechanisms")


@dataclass(frozen=True)
class Ranking:
    """The measure of one ranking: a metric on a truth, seen through a view, over the strata named (none = all)."""

    ranking: str
    metric: str
    truth: str
    view: str
    strata: tuple[str, ...]

    @classmethod
    def of(cls, name: str, headline: Mapping[str, Any]) -> "Ranking":
        """A ranking as study.json and configurations hold it."""
        return cls(name, headline["metric"], headline["truth"], headline["view"], tuple(headline["strata"]))


@dataclass(frozen=True)
class Results:
    """The tables of one study; `partitions` yields the long scores, one simulator and network at a time."""

    folder: Path
    about: dict[str, Any]
    models: pd.DataFrame
    methods: pd.DataFrame
    metrics: pd.DataFrame
    failures: pd.DataFrame
    validity: pd.DataFrame
    simulator_audits: pd.DataFrame
    mechanisms: pd.DataFrame
    costs: pd.DataFrame
    sizes: pd.DataFrame

    @classmethod
    def load(cls, folder: Path) -> "Results":
        """Read and validate `results/<study>/`; raises BadTables."""
        folder = Path(folder)
        small = {name: files.csv(folder / f"{name}.csv", written.TABLES[f"{name}.csv"]) for name in _SMALL}
        costs = files.parquet(folder / "costs.parquet", written.COSTS)
        sizes = files.csv(folder / "simulators.csv", written.SIMULATORS)
        results = cls(folder, files.about(folder / "study.json"), costs=costs, sizes=sizes, **small)
        for key, table in (("method", results.methods), ("metric", results.metrics)):
            if table[key].duplicated().any():
                raise BadTables(f"{folder / f'{key}s.csv'} lists {table[key][table[key].duplicated()].iloc[0]!r} twice")
        for ranking, headline in results.about["headline"].items():
            if MetricName.of(headline["metric"]).metric not in set(results.metrics["metric"]):
                lacking = f"{headline['metric']!r}, which {folder / 'metrics.csv'} lacks"
                raise BadTables(f"study.json ranks '{ranking}' by {lacking}")
        return results

    @property
    def headlines(self) -> list[Ranking]:
        """The rankings of the study, in the order in which study.json gives them."""
        return [Ranking.of(name, headline) for name, headline in self.about["headline"].items()]

    @property
    def against(self) -> dict[str, list[str]]:
        """The comparisons declared: what a method, or `methods`, is to be better than, a method or `controls`."""
        return dict(self.about["against"])

    @property
    def simulators(self) -> list[str]:
        """Simulators with at least one model, in the order in which study.json gives them."""
        return _ordered(self.about["simulators"], set(self.models["simulator"]))

    @property
    def groups(self) -> dict[str, list[str]]:
        """The groups of the simulators with at least one model."""
        groups = groups_of(self.sizes)
        held = {group: [name for name in self.simulators if name in names] for group, names in groups.items()}
        return {group: names for group, names in held.items() if names}

    def simulators_of(self, scope: str) -> list[str]:
        """The simulators of a group, or the simulator that the scope is itself."""
        return self.groups.get(scope, [scope])

    @property
    def networks(self) -> list[str]:
        """Networks with at least one model, in the order in which study.json gives them."""
        return _ordered(self.about["networks"], set(self.models["network"]))

    @property
    def main_network(self) -> str:
        """The network with the most models through the gate; among equals the one that separates best."""
        strength = self.models.groupby("network").agg(passed=("passed", "sum"), auc=("auc", "mean")).reset_index()
        return str(strength.sort_values(["passed", "auc", "network"]).iloc[-1]["network"])

    @property
    def networks_by_strength(self) -> list[str]:
        """The networks, the main one first."""
        main = self.main_network
        return sorted(self.networks, key=lambda name: name != main)

    def role(self, method: str) -> str:
        """`method`, `control` or `oracle`."""
        return str(self.methods.set_index("method")["role"].get(method, "method"))

    def metric(self, name: str) -> pd.Series:
        """The row of metrics.csv behind a metric or one of its columns (`name.column`)."""
        return self.metrics[self.metrics["metric"] == MetricName.of(name).metric].iloc[0]

    def declares_chance(self, name: str) -> bool:
        """Whether a metric says what maps that know nothing score; else the constant map stands for them."""
        return bool(pd.notna(self.metric(name)["chance"]))

    @property
    def parts(self) -> dict[tuple[str, str], list[Path]]:
        """The score files of every partition (simulator, network), sorted by name."""
        paths_of = {}
        for folder in sorted((self.folder / "scores").glob("simulator=*/network=*")):
            simulator, network = folder.parent.name.split("=", 1)[1], folder.name.split("=", 1)[1]
            if paths := sorted(folder.glob("*.parquet")):
                paths_of[simulator, network] = paths
        return paths_of

    def partitions(self) -> Iterator[tuple[str, str, pd.DataFrame]]:
        """(simulator, network, scores) of every partition, sorted by name; one is in memory at a time."""
        for where in self.parts:
            yield *where, self.partition(*where)

    def partition(self, simulator: str, network: str) -> pd.DataFrame:
        """The scores of one simulator and network; raises BadTables."""
        parts = self.parts[simulator, network]
        scores = files.scores(parts, simulator, network)
        self._check_names(parts[0].parent, scores)
        return scores

    def _check_names(self, folder: Path, scores: pd.DataFrame) -> None:
        methods, metrics = set(scores["method"]), {MetricName.of(name).metric for name in scores["metric"].unique()}
        missing = {"method": methods - set(self.methods["method"]), "metric": metrics - set(self.metrics["metric"])}
        for kind, names in missing.items():
            if unknown := sorted(names):
                raise BadTables(f"{folder} scores the {kind} {unknown[0]!r}, which {kind}s.csv does not list")


def groups_of(simulators: pd.DataFrame) -> dict[str, list[str]]:
    """Group -> its simulators, those of one family whose place is fixed, or moving; the moving ones first.

    simulators: what simulators.csv holds.
    """
    groups: dict[str, list[str]] = {}
    rows = simulators.drop_duplicates("simulator").sort_values("place", ascending=False, kind="stable")
    for name, place, family in rows[["simulator", "place", "family"]].itertuples(index=False, name=None):
        groups.setdefault(f"{place} {family}", []).append(name)
    return groups


def _ordered(declared: Any, present: set[str]) -> list[str]:
    known = [name for name in declared if name in present]
    return known + sorted(present - set(known))
