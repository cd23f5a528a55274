"""Changes that a call makes to what the files of conf/ give: labels, and names of studies, are made of them.

A change is a key with its value as an element of Hydra's grammar. What is typed and is what the files say is none.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bench.config.literals import element
from bench.config.overrides import AXES
from bench.config.pairs import CHOICES

#: settings of where and how a study is computed; they change nothing of what it is
HOW = ("study", "name", "paths", "rerun", "replace", "trusted", "timeout_s", "part", "device")
#: what stands for every file of a group, and for what is not there
ALL, ABSENT = "all", "null"
Changes = dict[str, str]


def chooses(key: str) -> bool:
    """True for a key whose value names a file of a group, such as `simulator` or `simulator/anatomy`."""
    return "." not in key and key.partition("/")[0] in (*AXES, "study")


def of_values(keys: Iterable[str], before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """Keys of values, or those below them, whose values differ between two configurations."""
    return dict(change for key in keys for change in _differing(key, _at(before, key), _at(now, key)))


def of_choices(lines: Iterable[str], before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """Groups that lines choose files of, with the file, where the configuration without these lines has another."""
    named = [line.lstrip("+~").partition("=") for line in lines]
    chosen = {key: str(now[CHOICES].get(key, value)) for key, _, value in named}
    return {key: file for key, file in chosen.items() if before[CHOICES].get(key) != file}


def of_axis(key: str, before: Iterable[str], now: Iterable[str], every: Iterable[str] = ()) -> Changes:
    """An axis, or the list of a group, where it has other values, whatever their order; every: all there could be."""
    before, now = sorted(before), list(now)
    text = ALL if sorted(now) == sorted(every) else now[0] if len(now) == 1 else f"[{','.join(now)}]"
    return {} if before == sorted(now) else {key: text}


def _differing(key: str, before: Any, now: Any) -> Iterator[tuple[str, str]]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys((*before, *now)):
            yield from _differing(f"{key}.{name}", before.get(name), now.get(name))
    elif _listed(key, before) != _listed(key, now):
        yield key, element(now)


def _listed(key: str, value: Any) -> Any:
    """A value; of seeds, one is as good as a list of one."""
    return [value] if key.startswith("seed.") and not isinstance(value, list) and value is not None else value


def _at(node: Mapping[str, Any], key: str) -> Any:
    """The value at a key; None where there is none."""
    for name in key.split("."):
        if not isinstance(node, Mapping) or name not in node:
            return None
        node = node[name]
    return node
