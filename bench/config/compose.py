"""The study a command means: Hydra composes once for each combination of axes other than seeds."""

import itertools
import json
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from bench.config import braces, includes, launcher, own_files, yaml_files
from bench.config import overrides as lines
from bench.config.called import Called, with_bars
from bench.config.changes import chooses
from bench.config.compositions import Compositions
from bench.config.labels import CallLabels
from bench.config.literals import element
from bench.config.nodes import Node
from bench.config.overrides import LISTS, PAIRED, Typed, check_axis, group_of, in_groups, options
from bench.config.pairs import CHOICES, REFERS, configurations
from bench.config.schema import Config
from bench.config.search import searched
from bench.contracts import BadInput
from bench.contracts.names import known, nearest
from bench.provenance import ROOT

CONF = ROOT / "conf"
#: in place of a name in an axis: every method or metric chosen that has the parameter
EVERY = "*"

ConfigStore.instance().store(name="schema", node=Config)


@dataclass
class Composed:
    """Plain nodes by label. pairs: (simulator label, network label) of every combination; train: by network label.

    chosen: what of the axes makes a pair, or a label of `method` or `metric`: {key: value}. files: by group, the file
    behind each label. lines: override lines of the first pair.
    """

    settings: Node
    simulators: dict[str, Node] = field(default_factory=dict)
    networks: dict[str, Node] = field(default_factory=dict)
    trains: dict[str, Node] = field(default_factory=dict)
    methods: dict[str, Node] = field(default_factory=dict)
    metrics: dict[str, Node] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    launch: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    chosen: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)


def study(arguments: Sequence[str], config_dirs: Sequence[Path] = ()) -> Composed:
    """Compose the study that override lines name; raises BadInput with the nearest valid name."""
    folders = [CONF, *(Path(d).resolve() for d in config_dirs)]
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"--config-dir {folder}: there is no such folder")
        braces.check("--config-dir" if folder != CONF else "the checkout", folder)
    braces.check("the working folder", Path.cwd())
    try:
        own_files.check(list(dict.fromkeys(folders)))
        yaml_files.check(folders)
        includes.check(folders)
    except OSError as error:
        mend = "give a folder of settings"
        raise BadInput(f"--config-dir: {error.filename} cannot be read ({error.strerror}); {mend}") from error
    typed = lines.read(arguments, folders)
    GlobalHydra.instance().clear()
    with searched(CONF, folders[1:]):
        return _Composer(typed, folders).study()


def launcher_of(launch: Sequence[str]) -> DictConfig:
    """The settings of Hydra's launcher under lines meant for it."""
    with searched(CONF):
        settings: DictConfig = launcher.hydra_of(launch).launcher
    return settings


def workers(launch: Sequence[str]) -> int:
    """Number of units that run side by side under lines meant for Hydra's launcher."""
    with searched(CONF):
        return launcher.workers_of(launch)


def computes_here(launch: Sequence[str]) -> bool:
    """Whether units run on this machine under lines meant for Hydra's launcher."""
    with searched(CONF):
        return launcher.stays_here(launch)


@dataclass
class _Composer:
    typed: Typed
    folders: list[Path]
    _labels: CallLabels = field(default_factory=CallLabels)

    def __post_init__(self) -> None:
        # the first pair is asked for again by methods and by metrics
        self._compositions = Compositions(self.typed, self.folders)
        self._called = Called(self.typed, self._compositions)

    def study(self) -> Composed:
        settings = ("study", "axes", "bars", "headline")
        base = self._compositions.of({k: v for k, v in self.typed.fixed.items() if k.split(".")[0] in settings})
        given = {k: [element(v) for v in values] for k, values in base["axes"].items()}
        typed, self._called.given = list(self.typed.fixed), given
        self._add_bars(base)
        self._compositions.check_launcher()
        axes = {**{k: v for k, v in given.items() if k not in self.typed.fixed}, **self.typed.sweeps}
        for key, values in axes.items():
            check_axis(f"axes.{key}" if key in given else key, values)
        pairs = list(_product({k: v for k, v in axes.items() if group_of(k) not in LISTS}))
        composed = Composed({}, launch=self.typed.launch)
        for pair, config in zip(pairs, configurations(pairs, self._of_pair), strict=True):
            self._add_pair(composed, pair, config)
        first = {**self.typed.fixed, **_lines(pairs[0])}
        composed.lines = list(first.values())
        for group, nodes in (("method", composed.methods), ("metric", composed.metrics)):
            swept = {k: v for k, v in axes.items() if group_of(k) == group}
            composed.chosen |= self._add_plugins(group, nodes, first, swept)
        composed.settings = self._labels.translated(composed.settings)
        composed.files = self._labels.files
        composed.settings["name"] = self._called.name(typed, self._compositions.of(first), self._labels.changed)
        composed.trains = {label: self._labels.started(node) for label, node in composed.trains.items()}
        composed.settings["trusted"] = self.typed.trusted
        self._check_headlines(composed)
        return composed

    def _add_bars(self, base: Node) -> None:
        """Choose the controls of a ranking beside a study's own methods, unless the call chooses methods itself."""
        if base["headline"] and "method" not in self.typed.fixed:
            for bar in base["bars"]:
                known("bars", "method", bar, options("method", self.folders))
            self.typed.fixed["method"] = f"method=[{','.join(with_bars(base))}]"

    def _check_keys(self, group: str, nodes: Node) -> None:
        """Refuse keys, typed with a + as Hydra lets them pass, of a plug-in that the call does not choose."""
        chosen = [name for name, node in nodes.items() if "_target_" in node]
        kept = [key for key, line in self.typed.fixed.items() if not line.startswith("~")]
        for key in (*kept, *self.typed.sweeps):
            of, _, below = key.partition(".")
            if of == group and below and (name := below.partition(".")[0]) not in (*chosen, EVERY):
                raise BadInput(f"{key}: no {group} '{name}' is chosen{nearest(name, chosen)}")

    def _check_files(self, group: str, nodes: Node) -> None:
        """Refuse a plug-in whose file put its keys elsewhere, or names no class."""
        there = {*options(group, self.folders)} - {key.partition(".")[2] for key in self.typed.fixed}
        typed = [name for name in self.typed.chosen.get(group, ()) if name in there]
        lost = [name for name in typed if "_target_" not in nodes.get(name, {})]
        if lost:
            raise BadInput(
                f"{group} '{lost[0]}' names no class; begin its file with '# @package {group}.{lost[0]}' and set "
                "_target_"
            )

    def _check_headlines(self, composed: Composed) -> None:
        """Refuse a ranking by a metric that nobody has; one that this call did not choose is left out later."""
        metrics = {*composed.metrics, *options("metric", self.folders)}
        for name, headline in composed.settings["headline"].items():
            known(f"headline.{name}", "metric", headline["metric"], metrics)

    def _of_pair(self, pair: Mapping[str, str]) -> Node:
        config = self._compositions.of({**self.typed.fixed, **_lines(pair)})
        for group in PAIRED:
            if group not in config[CHOICES]:
                raise BadInput(f"{group}=[...] is not possible: give several with commas to sweep, e.g. {group}=a,b")
        return config

    def _add_pair(self, composed: Composed, pair: Mapping[str, str], config: Node) -> None:
        choices = config[CHOICES]
        simulator = self._label(pair, config, "simulator")
        network = self._label(pair, config, "network", "train")
        every = (composed.simulators, simulator), (composed.networks, network), (composed.trains, network)
        for group, (nodes, label) in zip(PAIRED, every, strict=True):
            if _text(nodes.setdefault(label, config[group])) != _text(config[group]):
                raise BadInput(
                    f"{group} '{label}' is not the same in every pair of simulator and network; let no file of one "
                    "group set keys of another or refer to them"
                )
        composed.pairs.append((simulator, network))
        composed.chosen[simulator, network] = {**pair, **{g: choices[g] for g in PAIRED}}
        beside = (*PAIRED, *LISTS, CHOICES, REFERS, "axes")
        composed.settings = composed.settings or {k: v for k, v in config.items() if k not in beside}

    def _label(self, pair: Mapping[str, str], config: Node, *groups: str) -> str:
        """The label of a pair's simulator, or of its network with how it is trained."""
        swept = {k: v for k, v in pair.items() if in_groups(k, groups) and k != groups[0]}
        mine = {k: v for k, v in pair.items() if in_groups(k, groups)}
        return self._labels.of(
            groups[0], config[CHOICES][groups[0]], swept, self._called.changes_of(groups, _lines(mine), config)
        )

    def _add_plugins(
        self, group: str, nodes: Node, first: Node, swept: Mapping[str, list[str]]
    ) -> dict[tuple[str, str], dict[str, str]]:
        composed, grid = self._with_first_values(group, first, swept)
        self._check_files(group, composed)
        self._check_keys(group, composed)
        # A study may set parameters of plug-ins that this call did not choose; those have no target.
        plain = {name: node for name, node in composed.items() if "_target_" in node}
        variants = {name: list(self._variants(group, name, node, swept, grid)) for name, node in plain.items()}
        changed = self._called.changes_of((group,), {k: v for k, v in first.items() if chooses(k)}, {group: composed})
        rounds = [_lines(ChainMap(*together)) for together in _nth(variants.values())]
        compositions = [self._compositions.of({**first, **lines})[group] if lines else composed for lines in rounds]
        chosen = {}
        for name, settings in variants.items():
            for variant, nodes_of in zip(settings, compositions, strict=False):
                mine = {k: v for k, v in changed.items() if k.split(".")[1] == name}
                label = self._labels.of(group, name, variant, mine)
                of_grid = self._of(group, name, plain[name], grid)
                values = variant or {k: element(plain[name][k.rpartition(".")[2]]) for k in of_grid}
                nodes[label], chosen[group, label] = nodes_of[name], {group: f"[{name}]", **values}
        return chosen

    def _with_first_values(
        self, group: str, first: Node, swept: Mapping[str, list[str]]
    ) -> tuple[Node, dict[str, list[str]]]:
        """The nodes of a group under the first value of each key that names one of them, and the keys that name all."""
        grid = {k.split(".", 2)[2]: v for k, v in swept.items() if k.startswith(f"{group}.{EVERY}.")}
        single = {k: v[0] for k, v in swept.items() if not k.startswith(f"{group}.{EVERY}.")}
        nodes: Node = self._compositions.of({**first, **_lines(single)})[group]
        return nodes, grid

    def _variants(
        self, group: str, name: str, node: Node, swept: Mapping[str, list[str]], grid: Mapping[str, list[str]]
    ) -> Iterator[dict[str, str]]:
        """What is set in the variants of a plug-in: it stands as it is, {}, beside those of keys that name all."""
        named = {k: v for k, v in swept.items() if k.split(".")[1] == name}
        shared = {k: v for k, v in self._of(group, name, node, grid).items() if k not in named}
        yield from [{}] if shared and not named else []
        yield from _product({**named, **shared})

    def _of(self, group: str, name: str, node: Node, grid: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """The keys of a grid that a plug-in has, without those that the user set."""
        keys = {f"{group}.{name}.{parameter}": v for parameter, v in grid.items() if parameter in node}
        return {k: v for k, v in keys.items() if k not in self.typed.fixed}


def _product(axes: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def _nth(rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """The first of each row, the second of each row that has one, and so on: plug-ins vary side by side."""
    columns = itertools.zip_longest(*rows)
    return ([value for value in column if value is not None] for column in columns)


def _lines(chosen: Mapping[str, str]) -> dict[str, str]:
    return {k: f"{k}={v}" for k, v in chosen.items()}


def _text(node: Node) -> str:
    """A node as text, in which nan is what it is, so that plug-ins refuse it by name."""
    return json.dumps(node, sort_keys=True, default=str)
