"""A planned study: every node by label, the units, and where the results go. Written by plan, read by each job."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

from bench.config.build import build
from bench.contracts import BadInput, View
from bench.names import variant_of
from bench.store import files
from bench.store.artefacts import SCORES, Artefacts
from bench.store.scores import Scores

PLAN = "plan.json"
#: written last, and removed before anything is computed: where it stands, tables and figures are up to date
PAGE = "index.html"
#: folder of a study that holds one folder of heartbeats a call
PROGRESS = "progress"
#: folders of a study that `publish` carries what is as shipped from, beside the tables
PORTRAITS, REALISM = "portraits", "realism"
PLUGINS = ("simulators", "networks", "methods", "metrics")
#: words of the setting `against` that stand for every method, and for every control
METHODS, CONTROLS = "methods", "controls"
#: the name of what the arms on permuted labels are given, among the `budgets`
PERMUTED = "permuted"
Node = dict[str, Any]


@dataclass(frozen=True)
class Unit:
    """One model: simulator x network x data seed x model seed; without seeds, all models of a simulator and network.

    crossed: the seeds of initialisation and of order that the model seed stands for; None where it is both.
    permuted: whether the model is trained on permuted labels, for a metric to compare with the one that is not.
    """

    simulator: str
    network: str
    data_seed: int = -1
    model_seed: int = -1
    crossed: tuple[int, int] | None = None
    permuted: bool = False

    @classmethod
    def load(cls, node: Node) -> "Unit":
        """The unit that a plan says."""
        pair = node.get("crossed")
        return cls(**{**node, "crossed": tuple(pair) if pair else None})

    @property
    def init_seed(self) -> int:
        """Seed of the initialisation."""
        return self.crossed[0] if self.crossed else self.model_seed

    @property
    def order_seed(self) -> int:
        """Seed of the order of training, and of what else is drawn in it."""
        return self.crossed[1] if self.crossed else self.model_seed

    @property
    def group(self) -> bool:
        """True if this stands for all models of a simulator and network."""
        return self.data_seed < 0

    @cached_property
    def id(self) -> str:
        """Readable name, safe for file systems and for Hydra's grammar."""
        seeds = "compare" if self.group else f"d{self.data_seed}-m{self.model_seed}"
        return f"{self.simulator}-{self.network}-{seeds}" + ("-permuted" if self.permuted else "")


@dataclass(frozen=True)
class Study:
    """settings: everything of the configuration but the groups.

    files: by group, e.g. `simulator`, the file of conf/ behind each label. command: what was typed beside the verb.
    pending, given_up: by unit, keys of the cells to compute and of those given up. caches: by unit, the stages of what
    is made on the way to its work, by key. run: name of this call, by which artefacts made in it are told from older
    ones. replace: whether cells that are done are made again.
    """

    name: str
    results: str
    settings: Node
    simulators: dict[str, Node]
    networks: dict[str, Node]
    trains: dict[str, Node]
    methods: dict[str, Node]
    metrics: dict[str, Node]
    units: list[Unit]
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    run: str = ""
    replace: bool = False
    pending: dict[str, list[str]] = field(default_factory=dict)
    given_up: dict[str, list[str]] = field(default_factory=dict)
    caches: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Study":
        """Read `plan.json`; raises ValueError where it is none that this code wrote."""
        try:
            return cls._of(files.json_object(path))
        except (FileNotFoundError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"it is no plan ({error})") from error

    @classmethod
    def _of(cls, content: Node) -> "Study":
        return cls(**{**content, "units": [Unit.load(u) for u in content["units"]]})

    def as_saved(self) -> "Study":
        """The study as a plan gives it back: lists where there were tuples."""
        return self._of(json.loads(json.dumps(asdict(self))))

    def save(self) -> Path:
        """Write `results/<study>/plan.json`."""
        path = self.folder / PLAN
        try:
            self.write(path)
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written ({error.strerror}); set paths.results to a folder you may write"
            ) from error
        return path

    def write(self, path: Path) -> None:
        """Write the plan to a file; raises OSError where it cannot be."""
        files.write_bytes(path, json.dumps(asdict(self), indent=1).encode())

    @property
    def folder(self) -> Path:
        """`results/<study>`."""
        return Path(self.results) / self.name

    @property
    def store(self) -> Path:
        """`results/store`, shared by all studies of a results folder."""
        return Path(self.results) / "store"

    def artefacts(self) -> Artefacts:
        """A fresh look at the stored artefacts."""
        return Artefacts(self.store)

    def scores(self) -> Scores:
        """A fresh look at the stored scores."""
        return Scores(self.store / SCORES)

    @property
    def groups(self) -> list[Unit]:
        """One group of models for each simulator and network, in the order of the units."""
        return list(dict.fromkeys(Unit(u.simulator, u.network) for u in self.units))

    @property
    def arms(self) -> list[Unit]:
        """Each model again on permuted labels, if a metric compares with such models; they are not in `units`."""
        asked = any("permuted" in self.make("metrics", name).tags.needs for name in self.metrics)
        return [replace(unit, permuted=True) for unit in self.units] if asked else []

    @property
    def everything(self) -> list[Unit]:
        """Units, arms and groups, in the order of work."""
        return [*self.units, *self.arms, *self.groups]

    def members(self, group: Unit) -> list[Unit]:
        """The models of a group, by data seed, then model seed."""
        members = [u for u in self.units if (u.simulator, u.network) == (group.simulator, group.network)]
        return sorted(members, key=attrgetter("data_seed", "model_seed"))

    def unit(self, name: str) -> Unit:
        """The unit, arm or group of an id; raises KeyError."""
        return {u.id: u for u in self.everything}[name]

    @cached_property
    def views(self) -> list[View]:
        """The views a map metric looks through."""
        return [View(**v) for v in self.settings["views"]]

    def blur(self, label: str) -> float:
        """Full width at half maximum, in voxels, of the view `own` of a method: 0 of one that has not been tuned."""
        return self._blurs[label]

    @cached_property
    def _blurs(self) -> dict[str, float]:
        tuned: Mapping[str, Node] = self.settings["tuned"]
        names = [(label, variant_of(label, tuned)) for label in self.methods]
        return {label: 0.0 if name is None else float(tuned[name]["fwhm"]) for label, name in names}

    @property
    def headline(self) -> dict[str, Node]:
        """The rankings whose metric is among those chosen."""
        return {name: h for name, h in self.settings["headline"].items() if h["metric"] in self.metrics}

    @property
    def explain(self) -> Node:
        """Settings of the explained subjects, without one that changes nothing: it is younger than keys and tables."""
        settings: Node = self.settings["explain"]
        usual = settings.get("controls") in (None, settings["subjects"] // 2)
        return {name: value for name, value in settings.items() if name != "controls" or not usual}

    @cached_property
    def explained(self) -> tuple[int, ...]:
        """Numbers of the explained subjects: controls and patients in turn, then the patients that are more.

        So the first of them, whom a dear metric asks, are of both sides as long as there are controls.
        """
        subjects: int = self.settings["explain"]["subjects"]
        controls: int = self.explain.get("controls", subjects // 2)
        return (*range(2 * controls), *range(2 * controls + 1, 2 * (subjects - controls), 2))

    @cached_property
    def kept(self) -> int:
        """Number of explained subjects whose maps are stored."""
        subjects: int = self.settings["explain"]["subjects"]
        wish = self.settings["maps"]
        return min(wish, subjects) if isinstance(wish, int) else {"all": subjects, "none": 0}[wish]

    def training(self, unit: Unit) -> Node:
        """The `train` node of a unit's model: that of the study, changed by its network, its simulator, and its arm."""
        budgets: Mapping[str, Node] = self.settings.get("budgets", {})
        node = {**self.trains[unit.network], **budgets.get(unit.network, {}), **budgets.get(unit.simulator, {})}
        return {**node, **budgets.get(PERMUTED, {}), "permuted": True} if unit.permuted else node

    def pretrained(self, unit: Unit) -> Unit | None:
        """The unit whose model training goes on from, as `train.pretrain` names its simulator; None from scratch."""
        named = self.training(unit).get("pretrain")
        return None if named in (None, unit.simulator) else replace(unit, simulator=named, permuted=False)

    def metric_names(self, compare: bool) -> list[str]:
        """Metrics over one model, or those that compare models."""
        return [name for name in self.metrics if (self.make("metrics", name).tags.kind == "compare") == compare]

    def make(self, group: str, label: str) -> Any:
        """The plug-in behind a label, built once; group: simulators, methods or metrics."""
        if (group, label) not in self._plugins:
            trusted = tuple(self.settings["trusted"])
            self._plugins[group, label] = build(self.node(group, label), trusted=trusted, path=self.key(group, label))
        return self._plugins[group, label]

    @cached_property
    def _plugins(self) -> dict[tuple[str, str], Any]:
        return {}

    def key(self, group: str, label: str) -> str:
        """The place of a node in the configuration, as the user types it."""
        return f"{group[:-1]}.{self.file(group, label)}"

    def file(self, group: str, label: str) -> str:
        """The name of the file behind a label."""
        return self.files.get(group[:-1], {}).get(label, label)

    def node(self, group: str, label: str) -> Node:
        """The node behind a label."""
        nodes: Mapping[str, Node] = getattr(self, group)
        return nodes[label]

    def node_names(self, group: str) -> list[str]:
        """The labels of a group, in the order chosen."""
        return list(getattr(self, group))

    @property
    def modules(self) -> list[str]:
        """The modules of the plug-ins, as far as their nodes name them at the top."""
        nodes = (node for group in PLUGINS for node in getattr(self, group).values())
        return sorted({str(node["_target_"]).rpartition(".")[0] for node in nodes})
