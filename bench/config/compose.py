"""The study a command means: Hydra composes once for each combination of axes other than seeds."""

import contextlib
import itertools
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from bench.config import braces, changes, includes, launcher, own_files, yaml_files
from bench.config import overrides as lines
from bench.config.changes import Changes, chooses
from bench.config.labels import CallLabels
from bench.config.literals import element
from bench.config.nodes import Node, as_node, composed_of
from bench.config.overrides import AXES, LISTS, PAIRED, Typed, check_axis, group_of, in_groups, options
from bench.config.pairs import CHOICES, REFERS, configurations
from bench.config.schema import Config
from bench.config.search import searched
from bench.config.sentences import say, unreadable
from bench.contracts import BadInput
from bench.contracts.names import known, nearest
from bench.names import VariantLabels, slug
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


def workers(launch: Sequence[str]) -> int:
    """Number of units that run side by side under lines meant for Hydra's launcher."""
    with searched(CONF):
        return launcher.workers_of(launch)


@dataclass
class _Composer:
    typed: Typed
    folders: list[Path]
    #: what Hydra made of lines it was given: the first pair is asked for again by methods and by metrics
    _by_lines: dict[tuple[str, ...], Node] = field(default_factory=dict)
    _labels: CallLabels = field(default_factory=CallLabels)
    #: axes of the study's files
    _given: dict[str, list[str]] = field(default_factory=dict)

    def study(self) -> Composed:
        settings = ("study", "axes", "bars", "headline")
        base = self._compose({k: v for k, v in self.typed.fixed.items() if k.split(".")[0] in settings})
        given = {k: [element(v) for v in values] for k, values in base["axes"].items()}
        typed, self._given = list(self.typed.fixed), given
        self._add_bars(base)
        self.check_launcher()
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
        composed.settings["name"] = self._name(typed, self._compose(first))
        composed.trains = {label: self._labels.started(node) for label, node in composed.trains.items()}
        composed.settings["trusted"] = self.typed.trusted
        self._check_headlines(composed)
        return composed

    def _add_bars(self, base: Node) -> None:
        """Choose the controls of a ranking beside a study's own methods, unless the call chooses methods itself."""
        if base["headline"] and "method" not in self.typed.fixed:
            for bar in base["bars"]:
                known("bars", "method", bar, options("method", self.folders))
            self.typed.fixed["method"] = f"method=[{','.join(_with_bars(base))}]"

    def _name(self, typed: Sequence[str], now: Node) -> str:
        """The name that the call gives the study, or that of its files, with all that the call changes of them."""
        name: str = now["name"]
        if "name" in typed:
            return name
        files = self._files({})
        settings = [key for key in typed if not in_groups(key, (*AXES, *changes.HOW))]
        changed = self._labels.changed | changes.of_values(settings, files, now)
        for group in (group for group in LISTS if any(in_groups(key, (group,)) for key in typed)):
            before = _with_bars(files) if group == "method" and files["headline"] else _chosen(files, group)
            changed |= changes.of_axis(group, before, _chosen(now, group), options(group, self.folders))
        for key, values in self.typed.sweeps.items():
            choice = [str(files[CHOICES][key])] if key in files[CHOICES] else []
            before = [element(v) for v in files["axes"].get(key, choice)]
            changed |= changes.of_axis(key, before, values)
        # a name that is impossible is refused as it is
        return (
            name
            if not changed or name != slug(name)
            else VariantLabels().of(name, {key.replace("/", "."): value for key, value in changed.items()})
        )

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
        config = self._compose({**self.typed.fixed, **_lines(pair)})
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
            if nodes.setdefault(label, config[group]) != config[group]:
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
            groups[0], config[CHOICES][groups[0]], swept, self._changed(groups, _lines(mine), config)
        )

    def _changed(self, groups: Sequence[str], chosen: Mapping[str, str], now: Node) -> Changes:
        """What the call changes below some groups of what the files say that it chose; chosen: lines of an axis."""
        typed = {k: line for k, line in self.typed.fixed.items() if in_groups(k, groups) and k not in LISTS}
        files = [key for key in typed if chooses(key)]
        changed: Changes = {}
        if files:
            before = self._files({**self.typed.fixed, **chosen}, without=files)
            changed |= changes.of_choices([typed[key] for key in files], before, now)
        if values := [key for key in typed if key not in files]:
            before = self._files({**self.typed.fixed, **chosen})
            changed |= changes.of_values(values, before, now)
            # an axis of the study is always shown, so that the same has one label in it and in a part of it
            changed |= changes.of_values([key for key in values if key in self._given], {}, now)
        return changed

    def _files(self, lines: Mapping[str, str], without: Collection[str] = ()) -> Node:
        """The configuration of the files that the study and lines choose, without any value typed.

        Of files that need one there is nothing to say.
        """
        study = {k: line for k, line in self.typed.fixed.items() if k == "study"}
        chosen = study | {k: line for k, line in lines.items() if chooses(k) and k not in without}
        with contextlib.suppress(BadInput):
            return self._compose(chosen, complete=False)
        return {CHOICES: {}}

    def _add_plugins(
        self, group: str, nodes: Node, first: Node, swept: Mapping[str, list[str]]
    ) -> dict[tuple[str, str], dict[str, str]]:
        composed, grid = self._with_first_values(group, first, swept)
        self._check_files(group, composed)
        self._check_keys(group, composed)
        # A study may set parameters of plug-ins that this call did not choose; those have no target.
        plain = {name: node for name, node in composed.items() if "_target_" in node}
        variants = {name: list(self._variants(group, name, node, swept, grid)) for name, node in plain.items()}
        changed = self._changed((group,), {k: v for k, v in first.items() if chooses(k)}, {group: composed})
        rounds = [_lines(ChainMap(*together)) for together in _nth(variants.values())]
        compositions = [self._compose({**first, **lines})[group] if lines else composed for lines in rounds]
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
        nodes: Node = self._compose({**first, **_lines(single)})[group]
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

    def _compose(self, chosen: Mapping[str, str], complete: bool = True) -> Node:
        given = tuple(chosen.values())
        if given not in self._by_lines:
            with self._one_sentence(chosen.values()):
                self._by_lines[given] = composed_of(list(given), complete)
            _check_trust(self._by_lines[given])
        return self._by_lines[given]

    def check_launcher(self) -> None:
        """Refuse lines for Hydra that its launcher would refuse later."""
        if self.typed.launch:
            with self._one_sentence(self.typed.launch):
                launcher.workers_of(self.typed.launch)

    @contextlib.contextmanager
    def _one_sentence(self, lines: Iterable[str]) -> Iterator[None]:
        try:
            yield
        except (HydraException, OmegaConfBaseException) as error:
            raise BadInput(say(error, lines, self.folders, self._known)) from error
        except BadInput:
            raise
        except YAMLError as error:
            raise BadInput(f"a configuration file is not YAML: {' '.join(str(error).split())}") from error
        except RecursionError as error:
            raise BadInput(
                "the configuration has no end: a defaults list includes itself, or an interpolation asks for itself; "
                f"mend the files that {', '.join(lines)} chooses"
            ) from error
        except Exception as error:  # Hydra and OmegaConf raise whatever a value of another kind leads them to
            raise BadInput(unreadable(error, list(lines))) from error

    def _known(self) -> Node:
        """The configuration of the groups chosen, the first of several, without any value set in them."""
        chosen = [v for k, v in self.typed.fixed.items() if k in (*AXES, "study")]
        chosen += [f"{k}={values[0]}" for k, values in self.typed.sweeps.items() if k in AXES]
        try:
            return as_node(compose("config", overrides=chosen))
        except (HydraException, OmegaConfBaseException):
            return {}


def _check_trust(config: Node) -> None:
    """Refuse trust that a file gives: whose code may run is said by who runs it."""
    if given := config["trusted"]:
        raise BadInput(
            f"trusted: a configuration file asks that {', '.join(map(str, given))} may run; take 'trusted' out of "
            "it, and name packages that you trust on the command line"
        )


def _product(axes: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def _nth(rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """The first of each row, the second of each row that has one, and so on: plug-ins vary side by side."""
    columns = itertools.zip_longest(*rows)
    return ([value for value in column if value is not None] for column in columns)


def _lines(chosen: Mapping[str, str]) -> dict[str, str]:
    return {k: f"{k}={v}" for k, v in chosen.items()}


def _chosen(config: Node, group: str) -> list[str]:
    """The methods or metrics that are chosen, and not only set."""
    return [name for name, node in config[group].items() if "_target_" in node]


def _with_bars(config: Node) -> list[str]:
    """The methods of a study with rankings: those it names, then its bars."""
    return list(dict.fromkeys([*_chosen(config, "method"), *config["bars"]]))
