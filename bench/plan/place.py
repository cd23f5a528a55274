"""The folder of a study: its tables give way to a study that holds all of them, and to no other without being told."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bench.config.build import TARGET
from bench.config.changes import HOW
from bench.contracts import BadInput
from bench.study import PLAN, PLUGINS, Node, Study, Unit
from bench.training.recipe import key_settings

#: settings that a study may add to; its seeds are in its models, its bars among its methods,
#: and what was tuned counts where a view asks for it
GROWING = ("headline", "detect", "against")
#: the class of maps made elsewhere
OUTSIDE = "methods.outside.OutsideMaps"
ELSEWHERE = (*HOW, *GROWING, "seed", "bars", "budgets", "tuned", "explain")


def check(study: Study) -> None:
    """Refuse to replace tables of another study, or of one that this is a part of.

    Raises:
        BadInput: with what would be lost, and the two ways out.
    """
    if study.settings["replace"] or not (study.folder / "study.json").exists():
        return
    try:
        before = Study.load(study.folder / PLAN)
    except ValueError:
        # other code planned it: nobody knows what it was
        return
    if lost := next(_lost(replace(before, methods=_ours(before, study)), study.as_saved()), ""):
        raise BadInput(
            f"{study.folder} holds tables of another study: {lost}; give this one a folder of its own with name=..., "
            "or replace what is there with replace=true"
        )


def is_another(study: Study) -> bool:
    """Whether the tables in a study's folder are of another one than the study, by their plan."""
    try:
        before, now = Study.load(study.folder / PLAN), study.as_saved()
    except ValueError:
        # other code planned it: nobody knows what it was
        return False
    return any((*_lost(before, now), *_lost(now, before)))


def dropped_maps(study: Study) -> list[str]:
    """Methods whose maps were made elsewhere, in the tables that a study replaces and not among its own."""
    with suppress(ValueError, FileNotFoundError):
        before = Study.load(study.folder / PLAN)
        return sorted(before.methods.keys() - _ours(before, study).keys())
    return []


def _ours(before: Study, now: Study) -> dict[str, Node]:
    """The methods of a study but for those from elsewhere that another lacks: the same `score` brings them back."""
    return {m: node for m, node in before.methods.items() if m in now.methods or node.get(TARGET) != OUTSIDE}


def _lost(before: Study, now: Study) -> Iterator[str]:
    """Clauses on what a study has that another lacks, or has otherwise."""
    for group in PLUGINS:
        there = getattr(now, group)
        for label, node in getattr(before, group).items():
            if there.get(label, node) != node:
                yield f"its {group[:-1]} {label} is set otherwise"
            elif label not in there:
                yield f"this one lacks its {group[:-1]} {label}"
    lacking = {unit.id for unit in before.units} - {unit.id for unit in now.units}
    yield from (f"this one lacks its model {name}" for name in sorted(lacking))
    yield from (f"its {key} is another" for key in _settings(before.settings, now.settings))
    if before.explain != now.explain:
        yield "its explain is another"
    yield from (f"its {name} is smoothed otherwise" for name in before.methods if _smoothed(before, now, name))
    yield from (f"its {u.id} is trained otherwise" for u in before.units if _trained(before, u) != _trained(now, u))


def _trained(study: Study, unit: Unit) -> Node:
    """How a unit's model is trained: an option that changes nothing may be younger than the tables."""
    return key_settings(study.training(unit))


def _smoothed(before: Study, now: Study, method: str) -> bool:
    """Whether a view of a study smooths the maps of a method otherwise in another."""
    widths = before.blur(method), now.blur(method) if method in now.methods else 0.0
    return any(len({view.of(width) for width in widths}) > 1 for view in before.views)


def _settings(before: Node, now: Mapping[str, Any]) -> Iterator[str]:
    yield from (key for key, value in before.items() if key not in ELSEWHERE and now.get(key) != value)
    for key in GROWING:
        named: Node = before.get(key, {})
        yield from (f"{key}.{name}" for name, value in named.items() if now[key].get(name) != value)
