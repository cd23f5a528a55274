"""Labels of one call: of each simulator, network, method and metric its name, what is swept and what is changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.config.changes import Changes
from bench.config.overrides import LISTS
from bench.names import VariantLabels

Node = dict[str, Any]


@dataclass
class CallLabels:
    """changed: all that the call changes of what it chose. files: by group, the file behind each label.

    Settings of a study name plug-ins as its files do: `_of_files` knows the label of each by group, that which it would
    have without the call's changes -> that which it has.
    """

    changed: Changes = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    _labels: VariantLabels = field(default_factory=VariantLabels)
    _plain: VariantLabels = field(default_factory=VariantLabels)
    _of_files: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, group: str, name: str, swept: Mapping[str, str], changed: Mapping[str, str]) -> str:
        """The label of a file of a group; swept, changed: values by key, as elements of Hydra's grammar."""
        # a dot parts a metric from its column in tables
        dot = "_" if group == "metric" else "."
        label = self._labels.of(name, _short({**changed, **swept}), dot)
        self._of_files.setdefault(group, {})[self._plain.of(name, _short(swept), dot)] = label
        self.files.setdefault(group, {})[label] = name
        self.changed |= changed
        return label

    def translated(self, settings: Node) -> Node:
        """Settings that name the plug-ins by the labels they have."""
        rankings = {name: {**h, "metric": self._metric(h["metric"])} for name, h in settings["headline"].items()}
        method, simulator = (self._of_files.get(group, {}) for group in ("method", "simulator"))
        learners = {**self._of_files.get("network", {}), **simulator}
        return {
            **settings,
            "headline": rankings,
            "against": {method.get(k, k): [method.get(v, v) for v in vs] for k, vs in settings["against"].items()},
            "detect": {simulator.get(k, k): simulator.get(v, v) for k, v in settings["detect"].items()},
            "budgets": {learners.get(k, k): self.started(budget) for k, budget in settings["budgets"].items()},
        }

    def started(self, train: Node) -> Node:
        """Settings of training that name the simulator to start from by its label."""
        label = self._of_files.get("simulator", {}).get(str(train.get("pretrain")))
        return {**train, "pretrain": label} if label else train

    def _metric(self, named: str) -> str:
        metric, dot, column = named.partition(".")
        return self._of_files.get("metric", {}).get(metric, metric) + dot + column


def _short(values: Mapping[str, str]) -> dict[str, str]:
    """Values by key within its group, or plug-in; by the whole key where there is nothing below, or two are alike."""
    short: dict[str, str] = {}
    for key, value in values.items():
        group, _, name = key.replace("/", ".", 1).partition(".")
        name = name.partition(".")[2] if group in LISTS else name
        short[key if not name or name in short else name] = value
    return short
