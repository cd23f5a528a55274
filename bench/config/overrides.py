"""Lines that the user typed, sorted: fixed values, sweeps, and what is Hydra's own business."""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, RangeSweep, ValueType
from hydra.errors import OverrideParseException

from bench.config.literals import as_typed
from bench.config.schema import Config
from bench.contracts import BadInput
from bench.contracts.names import nearest

LISTS = ("method", "metric")
SEEDS = ("seed", "seed.data", "seed.model", "seed.init", "seed.order")
MOST_VALUES = 1000
#: groups of which a pair has one each
PAIRED = ("simulator", "network", "train")
AXES = (*PAIRED, *LISTS)


@dataclass
class Typed:
    """fixed: override lines by key; sweeps: {key: values}, in the order typed; launch: lines for Hydra's launcher.

    chosen: the names typed for a group. trusted: packages whose code the user lets run.
    """

    fixed: dict[str, str] = field(default_factory=dict)
    sweeps: dict[str, list[str]] = field(default_factory=dict)
    launch: list[str] = field(default_factory=list)
    study: str = ""
    chosen: dict[str, list[str]] = field(default_factory=dict)
    trusted: list[Any] = field(default_factory=list)


def read(lines: Sequence[str], folders: Sequence[Path]) -> Typed:
    """Sort Hydra override lines; `folders` are the configuration folders in which groups are looked up.

    `method=all` and `metric=all` name every file of the group, `glob(lrp*)` those that are like it. A sweep over seeds,
    methods or metrics is a list.
    """
    typed = Typed()
    try:
        parsed = OverridesParser.create().parse_overrides(
            [_expand_all(as_typed(line, AXES), folders) for line in lines]
        )
    except RecursionError as error:
        raise BadInput("the command line nests too many brackets; give a flatter value") from error
    except OverrideParseException as error:
        grammar = "key=value in Hydra's grammar, with brackets closed and quoted, e.g. 'method=[a,b]'"
        raise BadInput(f"the argument '{error.override}' is not possible: give {grammar}") from error
    for override in parsed:
        _check_once(override, typed)
        _check_range(override)
        _sort(_without_glob(override, folders), typed)
    return typed


def _check_once(override: Override, typed: Typed) -> None:
    key = override.key_or_group
    # parts of a simulator may stand inside one another, e.g. a slab around an anatomy
    if override.package is not None and not override.package.startswith("simulator."):
        raise BadInput(f"'{key}@{override.package}': a group cannot be put elsewhere; write {key}=...")
    if key in typed.fixed or key in typed.sweeps or (key == "trusted" and typed.trusted):
        raise BadInput(f"'{key}' is given twice; give it once, or name several values with commas")


def _check_range(override: Override) -> None:
    """Refuse a range without an end, without steps, or too long to be listed."""
    swept = override.value()
    if isinstance(swept, RangeSweep):
        start, stop, step = (math.nan if end is None else float(end) for end in (swept.start, swept.stop, swept.step))
        if not (math.isfinite(start) and math.isfinite(stop) and math.isfinite(step) and step):
            raise BadInput(f"{override.input_line} is not possible: give range(START,STOP,STEP) with finite numbers")
        check_length(override.key_or_group, int(abs(stop - start) / abs(step)))


def key_of(line: str) -> str:
    """The key that an override line sets."""
    return line.lstrip("+~").partition("=")[0].replace("/", ".")


def check_axis(key: str, values: Sequence[Any]) -> None:
    """Refuse an axis without values, with one value twice, or longer than Hydra reads in seconds."""
    if not values:
        raise BadInput(f"{key}=[] is not possible: give at least one value")
    check_length(key, len(values))
    twice = [value for i, value in enumerate(values) if value in values[:i]]
    if twice:
        raise BadInput(f"{key} names {twice[0]} twice; name it once")


def check_length(key: str, values: int) -> None:
    """Refuse more values than Hydra reads in seconds."""
    if values > MOST_VALUES:
        raise BadInput(f"{key} has {values} values, at most {MOST_VALUES} are possible; name fewer")


def options(group: str, folders: Sequence[Path]) -> list[str]:
    """Names a group offers in the configuration folders."""
    return sorted({p.stem for folder in folders for p in (folder / group).glob("*.yaml")})


def _expand_all(line: str, folders: Sequence[Path]) -> str:
    for group in LISTS:
        if line in (f"{group}=all", f"{group}=[all]"):
            return f"{group}=[{','.join(options(group, folders))}]"
    return line


def _without_glob(override: Override, folders: Sequence[Path]) -> Override:
    """The override with the names that a glob() stands for; refuses sweeps whose values nobody can list."""
    key = override.key_or_group
    if override.value_type is ValueType.INTERVAL_SWEEP:
        raise BadInput(f"{override.input_line} is not possible: give values to try, by range() or commas")
    if key in LISTS and isinstance(override.value(), list):
        return _without_globs(override, options(key, folders))
    if override.value_type is not ValueType.GLOB_CHOICE_SWEEP:
        return override
    if key not in AXES:
        raise BadInput(
            f"{override.input_line} is not possible: give values, as glob() chooses files of {', '.join(AXES)}"
        )
    there = options(key, folders)
    names = ",".join(override.value().filter(there))  # type: ignore[union-attr]
    if not names:
        raise BadInput(f"{override.input_line} is not possible: give a pattern that a name of a {key} is like")
    return OverridesParser.create().parse_override(f"{key}=[{names}]" if key in LISTS else f"{key}={names}")


def _without_globs(override: Override, there: Sequence[str]) -> Override:
    """A list of names with those that a glob() within it stands for."""
    values = override.value()
    if not any(isinstance(value, Glob) for value in values):  # type: ignore[union-attr]
        return override
    named = [v.filter(list(there)) if isinstance(v, Glob) else [str(v)] for v in values]  # type: ignore[union-attr]
    names = dict.fromkeys(name for part in named for name in part)
    return OverridesParser.create().parse_override(f"{override.key_or_group}=[{','.join(names)}]")


def _sort(override: Override, typed: Typed) -> None:
    key, line = override.key_or_group, str(override.input_line)
    top = key.replace("/", ".").partition(".")[0]
    if top == "hydra":
        typed.launch.append(line)
        return
    valid = {*(f.name for f in fields(Config)), "study"}
    if top not in valid:
        raise BadInput(f"there is no key '{key}'{nearest(top, valid)}")
    if override.is_delete() and key in valid:
        raise BadInput(f"~{key} is not possible: give another value, {key}=..., as no study goes without")
    if key in (*AXES, "study"):
        typed.chosen[key] = _names(override)
    if key == "trusted":
        # not for Hydra: what it composes then shows whether a file asks for trust
        typed.trusted = _packages(override)
    elif key == "study":
        typed.study = _one(override)
        typed.fixed[key] = line
    elif override.is_sweep_override():
        _sweep(key, list(override.sweep_string_iterator()), typed)
    elif key in ("simulator", "network"):
        typed.sweeps[key] = [override.get_value_string()]
    else:
        typed.fixed[key] = line


def _names(override: Override) -> list[str]:
    """The names chosen of a group; refuses what cannot name a file."""
    key = override.key_or_group
    value = list(override.sweep_string_iterator()) if override.is_sweep_override() else override.value()
    names: list[Any] = value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+|\[.*\]", name) or name.startswith("."):
            text = "null" if name is None else name
            raise BadInput(
                f"{key}={text} is not possible: give the name of a {key}, letters, digits, '_', '-' and '.' only"
            )
    if names or key not in LISTS:
        check_axis(key, names)
    return names


def _packages(override: Override) -> list[Any]:
    """The packages trusted."""
    if override.is_sweep_override() or not isinstance(packages := override.value(), list):
        value = override.get_value_string()
        raise BadInput(f"trusted={value} is not possible: give a list, trusted=[...]")
    return packages


def _one(override: Override) -> str:
    if override.is_sweep_override():
        raise BadInput("one study a call; issue the command once for each study")
    return override.get_value_string()


def _sweep(key: str, values: list[str], typed: Typed) -> None:
    top = key.replace("/", ".").partition(".")[0]
    check_axis(key, values)
    if key in LISTS or top == "seed":
        typed.fixed[key] = f"{key}=[{','.join(v.strip('[]') for v in values)}]"
    elif top in AXES and (top not in LISTS or key.count(".") >= 2):
        typed.sweeps[key] = values
    else:
        raise BadInput(f"'{key}' cannot be swept; sweeps go over {', '.join(AXES)} and seed")


def group_of(key: str) -> str:
    """The group that a key of an axis lies in; raises BadInput where it is none."""
    group = key.replace("/", ".").partition(".")[0]
    if group not in AXES:
        raise BadInput(f"axes: there is no axis '{key}'; axes are {', '.join(AXES)} and keys below them")
    return group


def in_groups(key: str, groups: Collection[str]) -> bool:
    """True for a key of one of some groups, or below it."""
    return key.replace("/", ".").partition(".")[0] in groups
