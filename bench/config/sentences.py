"""One sentence for what Hydra raised: what, where, and how to mend it."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from hydra.errors import MissingConfigException
from omegaconf import OmegaConf

from bench.config import schema
from bench.config.build import ALLOWED, TARGET, resolve
from bench.config.overrides import options
from bench.config.schema import Config
from bench.contracts import BadInput
from bench.contracts.names import nearest

MERGING = "Error merging override "
COMPOSING = "raised while composing config"
KEY = "Could not override '"
DELETING = "Could not delete from config"
VALUED = "The value of "
THERE = "Could not append to config. An item is already at"
#: launchers of Hydra that its users know -> what installs them here
PIP = {
    **dict.fromkeys(("submitit_local", "submitit_slurm"), "pip install -e '.[slurm]'"),
    **dict.fromkeys(("ray", "ray_aws"), "pip install hydra-ray-launcher"),
    "rq": "pip install hydra-rq-launcher",
    "joblib": "pip install hydra-joblib-launcher",
}


def say(error: Exception, lines: Iterable[str], folders: Sequence[Path], known: Callable[[], Any]) -> str:
    """The sentence for an error of composing `lines`; `known()` is the configuration without their values."""
    text = " ".join(str(error).split("\n")[0].split())
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        if group == "hydra/launcher" and name in PIP:
            return f"the launcher '{name}' is not installed; install it with: {PIP[name]}"
        return f"there is no {group} '{name}'{nearest(name, {*options(group, folders), *(error.options or ())})}"
    if text.startswith(DELETING) and VALUED in text:
        return f"{_clause(text.partition(VALUED)[2])}; take a key out without a value, ~KEY"
    if text.startswith(THERE):
        key = text.split("'")[1]
        return f"'{key}' is there already; set it without the +, {key}=..."
    if text.startswith((KEY, DELETING)):
        return _unknown(text.split("'")[1], error.__cause__, known())
    if text.startswith(MERGING):
        return _refused(text.removeprefix(MERGING), error.__cause__)
    if "nterpolation" in text:
        asking = [line for line in lines if "${" in line]
        return f"{', '.join(asking) or 'a configuration file'}: {text}; give the value itself"
    if COMPOSING in text:
        return _misplaced(text.partition(":")[0], _clause(str(error).split("\n")[1]))
    return f"the configuration cannot be composed ({_clause(str(error.__cause__ or error))}); mend what it names"


def unreadable(error: Exception, lines: Sequence[str]) -> str:
    """The sentence for what Hydra or OmegaConf raised in its own words, as for a key inside a list."""
    key = str(error).rpartition("'")[0].rpartition("'")[2]
    inside = next((line for line in lines if key and f".{key}" in line.partition("=")[0]), "")
    if isinstance(error, ValueError) and inside:
        name = inside.lstrip("+~").partition(f".{key}")[0]
        return f"{inside} is not possible: give the list as a whole, {name}=[...]"
    chosen = f" that {', '.join(lines)} chooses" if lines else ""
    return (
        f"the configuration cannot be composed ({_clause(str(error) or type(error).__name__)}); mend the files{chosen}"
    )


def _clause(text: str) -> str:
    """The first line of what a library says, as part of a sentence of ours."""
    return " ".join(text.splitlines()[0].split()).replace(". ", ", ").rstrip(".")


def _unknown(key: str, cause: BaseException | None, config: Any) -> str:
    """A key that does not exist, or a value with a key inside that does not."""
    inner, kind = getattr(cause, "key", None), getattr(cause, "object_type", None)
    inside = [f.name for f in fields(kind)] if is_dataclass(kind) else []
    if key.startswith("hydra.launcher.") and inside == [TARGET]:
        return f"'{key}': no launcher with such a setting is chosen; choose one too, e.g. hydra/launcher=joblib"
    if key.startswith("hydra"):
        return f"there is no key '{key}'{nearest(str(inner), inside)}"
    done: list[str] = []
    for part in key.partition("@")[0].replace("/", ".").split("."):
        if isinstance(config, Sequence) and not isinstance(config, str) and part in map(str, range(len(config))):
            config, done = config[int(part)], [*done, part]
            continue
        if not isinstance(config, Mapping) or part not in config:
            where = f"{'.'.join(done)}: " if done else ""
            if dotted := [str(k) for k in config or () if str(k).startswith(f"{part}.")]:
                together = f"{'.'.join(done)}={{{dotted[0]}:...}}"
                return f"{where}the name '{dotted[0]}' has a dot; give all names there at once, {together}"
            valid = [str(k) for k in config if k != TARGET] if isinstance(config, Mapping) else ()
            if isinstance(config, Mapping) and part in _arguments(config):
                return f"{where}'{part}' stands at its default, which no file sets; give it with +{key}=..."
            return f"{where}there is no key '{part}'{nearest(part, valid)}"
        config, done = config[part], [*done, part]
    if inner is None:
        return f"'{key}': a group is chosen elsewhere; write '{key.partition('@')[0]}=...'"
    if not inside:
        return f"{key}: there is no key '{inner}'; add one that a study does not have yet with +{key}.{inner}=..."
    return f"{key}: there is no key '{inner}'{nearest(str(inner), inside)}"


def _arguments(node: Mapping[str, Any]) -> Iterable[str]:
    """Names of what the class of a node takes; none where the node has no class of ours."""
    try:
        return inspect.signature(resolve(node, ALLOWED)).parameters
    except BadInput:
        return ()


def _misplaced(place: str, reason: str) -> str:
    """A key in a file that a study does not have, or a value of another kind."""
    if not (match := re.match(r"Key '(.*)' not in '(.*)'", reason)):
        return f"{place}: {reason}; mend the value in that file"
    key, kind = match.groups()
    known = getattr(schema, kind, None)
    return f"{place}: there is no key '{key}'{nearest(key, [f.name for f in fields(known)] if known else [])}"


def _refused(line: str, cause: BaseException | None) -> str:
    """A value of the wrong kind, with the default as a model of the right one."""
    key = line.lstrip("+~").partition("=")[0]
    default = OmegaConf.select(OmegaConf.structured(Config), key, throw_on_missing=False)
    value = OmegaConf.to_container(default) if OmegaConf.is_config(default) else default
    if value in ([], {}):
        give = f"a list, {key}=[...]" if value == [] else f"values by name, {key}={{NAME: ...}}"
    else:
        give = "another value" if value in (None, "") else f"a value like {value}"
    return f"{line} is not possible: give {give} ({_clause(str(cause))})"
