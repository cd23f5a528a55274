"""The study a command means: Hydra composes once for each combination of axes other than seeds."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bench.config import overrides as lines
from bench.config.overrides import AXES, LISTS, Typed, options
from bench.config.suggest import nearest
from bench.contracts import BadInput
from bench.provenance import ROOT
from bench.store.artefacts import slug

CONF = ROOT / "conf"
Node = dict[str, Any]


@dataclass
class Composed:
    """Plain nodes by label. arms: (simulator label, network label) of every combination; train: by network label."""

    settings: Node
    simulators: dict[str, Node] = field(default_factory=dict)
    networks: dict[str, Node] = field(default_factory=dict)
    trains: dict[str, Node] = field(default_factory=dict)
    methods: dict[str, Node] = field(default_factory=dict)
    metrics: dict[str, Node] = field(default_factory=dict)
    arms: list[tuple[str, str]] = field(default_factory=list)
    launch: list[str] = field(default_factory=list)


def study(arguments: Sequence[str], config_dirs: Sequence[Path] = ()) -> Composed:
    """Compose the study that override lines name; raises BadInput with the nearest valid name."""
    folders = [CONF, *(Path(d).resolve() for d in config_dirs)]
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"--config-dir {folder}: there is no such folder")
    typed = lines.read(arguments, folders)
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return _Composer(typed, folders).study()


@dataclass
class _Composer:
    typed: Typed
    folders: list[Path]

    def study(self) -> Composed:
        base = self._compose({k: v for k, v in self.typed.fixed.items() if k == "study" or k.startswith("axes")})
        given = {k: [_text(v) for v in values] for k, values in base["axes"].items()}
        axes = {**{k: v for k, v in given.items() if k not in self.typed.fixed}, **self.typed.sweeps}
        arms = list(_product({k: v for k, v in axes.items() if _group(k) not in LISTS}))
        made = Composed({}, launch=self.typed.launch)
        for arm in arms:
            self._add_arm(made, arm)
        first = {**self.typed.fixed, **_lines(arms[0])}
        for group, nodes in (("method", made.methods), ("metric", made.metrics)):
            self._add_plugins(group, nodes, first, {k: v for k, v in axes.items() if _group(k) == group})
        return made

    def _add_arm(self, made: Composed, arm: Mapping[str, str]) -> None:
        config = self._compose({**self.typed.fixed, **_lines(arm)})
        choices = config.pop("_choices")
        for group in ("simulator", "network", "train"):
            if group not in choices:
                raise BadInput(f"{group}=[...] is a list; to sweep, name several with commas, e.g. {group}=a,b")
        simulator = _label(choices["simulator"], arm, "simulator")
        network = _label(choices["network"], arm, "network", "train")
        made.simulators[simulator] = config.pop("simulator")
        made.networks[network] = config.pop("network")
        made.trains[network] = config.pop("train")
        made.arms.append((simulator, network))
        made.settings = made.settings or {k: v for k, v in config.items() if k not in (*LISTS, "axes")}

    def _add_plugins(self, group: str, nodes: Node, first: Node, swept: Mapping[str, list[str]]) -> None:
        variants = list(_product(swept))
        for variant in variants:
            found = self._compose({**first, **_lines(variant)})[group]
            # A study may set parameters of plug-ins that this call did not choose; those have no target.
            for name, node in ((n, v) for n, v in found.items() if "_target_" in v):
                mine = {k: v for k, v in variant.items() if k.split(".")[1] == name}
                label = slug(name + "".join(f"-{k.split('.', 2)[2]}-{v}" for k, v in mine.items()))
                nodes[label] = node

    def _compose(self, chosen: Mapping[str, str]) -> Node:
        given = [*chosen.values()]
        if len(self.folders) > 1:
            given.append(f"hydra.searchpath=[{','.join(f'file://{f}' for f in self.folders[1:])}]")
        try:
            config = compose("config", overrides=given, return_hydra_config=True)
            choices = dict(config.hydra.runtime.choices)
            return {**_plain(config), "_choices": choices}
        except (HydraException, OmegaConfBaseException) as error:
            raise BadInput(self._say(error)) from error

    def _say(self, error: Exception) -> str:
        """One sentence for what Hydra raised, with the nearest valid name."""
        text = " ".join(str(error).split("\n")[:1])
        if isinstance(error, MissingConfigException) and error.missing_cfg_file:
            group, _, name = str(error.missing_cfg_file).rpartition("/")
            return f"there is no {group} '{name}'{nearest(name, options(group, self.folders))}"
        if text.startswith("Could not override '"):
            return self._say_key(text.split("'")[1])
        cause = error.__cause__
        return f"{text}: {str(cause).splitlines()[0]}" if cause and str(cause) else text

    def _say_key(self, key: str) -> str:
        plain = {k: v for k, v in self.typed.fixed.items() if "." not in k}
        try:
            config: Any = _plain(compose("config", overrides=list(plain.values())))
        except (HydraException, OmegaConfBaseException):
            return f"unknown key '{key}'"
        done: list[str] = []
        for part in key.replace("/", ".").split("."):
            if not isinstance(config, dict) or part not in config:
                where = f" in {'.'.join(done)}" if done else ""
                valid = config if isinstance(config, dict) else ()
                return f"unknown key '{key}': no '{part}'{where}{nearest(part, valid)}"
            config, done = config[part], [*done, part]
        return f"unknown key '{key}' for one of the chosen simulators or networks"


def _plain(config: DictConfig) -> Node:
    masked = OmegaConf.masked_copy(config, [str(k) for k in config if k != "hydra"])
    missing = OmegaConf.missing_keys(masked)
    if missing:
        raise BadInput(f"no value for {', '.join(sorted(missing))}; give it on the command line or in the study")
    made = OmegaConf.to_container(masked, resolve=True)
    assert isinstance(made, dict)
    return {str(k): v for k, v in made.items()}


def _product(axes: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def _lines(chosen: Mapping[str, str]) -> dict[str, str]:
    return {k: f"{k}={v}" for k, v in chosen.items()}


def _group(key: str) -> str:
    group = key.replace("/", ".").partition(".")[0]
    if group not in AXES:
        raise BadInput(f"axes: '{key}' cannot be an axis; axes are {', '.join(AXES)} and keys below them")
    return group


def _label(base: str, arm: Mapping[str, str], *groups: str) -> str:
    """The readable name of an arm: the group's choice and every value swept below the groups."""
    own = {k: v for k, v in arm.items() if _group(k) in groups and k != groups[0]}
    return slug(base + "".join(f"-{k.removeprefix(_group(k))[1:] or k}-{v}" for k, v in own.items()))


def _text(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)
