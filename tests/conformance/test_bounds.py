"""Every bound that a plug-in or a setting declares is kept: what lies just beyond is refused by name, the end not."""

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from bench.config.build import TARGET, build, nodes, resolve
from bench.config.schema import Config, HeadlineSettings
from bench.contracts import AtLeast, BadInput, Between, Count, Multiple, bounded
from bench.contracts.arguments import check, fits, hints_of
from bench.contracts.bounds import MOST
from bench.networks._mechanisms import MECHANISMS
from bench.plan import settings
from bench.training.recipe import Recipe, Sizes, sizes
from simulators.anatomy.norms import ages_with_norms

CONF = Path(__file__).parents[2] / "conf"
GROUPS = ("method", "metric", "network", "simulator")
FILES = [path for group in GROUPS for path in sorted((CONF / group).rglob("*.yaml"))]
SHAPE = (16, 16, 16)
ALL = ("methods", "metrics", "bench.networks", "simulators")


def bounds(hint):
    """(kind, bound) of an annotation: int, float or tuple; and its choices as (Literal, choices)."""
    if get_origin(hint) is Annotated and get_args(hint)[0] is not Any:
        kind, *limits = get_args(hint)
        for bound in limits:
            yield (tuple if get_origin(kind) is tuple else kind), bound, get_args(kind)[:1] or (kind,)
    elif get_origin(hint) is Literal:
        yield Literal, get_args(hint), (str,)
    elif get_origin(hint) is not tuple:
        for part in get_args(hint):
            yield from bounds(part)


def edges(bound, number):
    """(at the low end?, outermost possible value or None, a value just beyond) at each end."""
    if isinstance(bound, Multiple):
        yield from ((True, bound.of, 0), (False, None, bound.of + 1))
        return
    for end, name, away in ((bound.low, "low", -math.inf), (bound.high, "high", math.inf)):
        step = math.copysign(1, away)
        before, after = (end - step, end + step) if number is int else (math.nextafter(end, x) for x in (-away, away))
        if math.isfinite(end):
            yield name == "low", *map(number, (before, end) if bound.open in (name, "both") else (end, after))


def placed(value, low, given):
    """A value as an argument: itself, or at the low or high end of the numbers given."""
    return value if not isinstance(given, tuple) else (value, *given[1:]) if low else (*given[:-1], value)


def largest(value):
    """The largest number of a value, without its sign."""
    return max(map(abs, value if isinstance(value, tuple) else (value,)))


def values(hint, bound, kind, number, given):
    """(possible, impossible) values of an argument, at the ends of one of its bounds.

    Ends that are there for slips of the keyboard are not tried: nothing would end, and other arguments forbid them.
    """
    if kind is Literal:
        return list(bound), ["no such choice"]
    found = [(placed(a, low, given), placed(b, low, given)) for low, a, b in edges(bound, number)]
    possible = [a for a, _ in found if a is not None and fits(a, hint) and not largest(a) >= MOST]
    return possible, [b for _, b in found] + [math.nan, *([()] if kind is tuple else [])]


def described(file):
    """The nodes of a YAML, less what it composes."""
    loaded = OmegaConf.to_container(OmegaConf.load(file))
    return [node for _, node in nodes({k: v for k, v in loaded.items() if k != "defaults"})]


def cases(file):
    """(node, argument, possible values, impossible values) of every bounded argument in a YAML."""
    for node in described(file):
        for name, hint in hints_of(resolve(node, ALL)).items():
            for kind, bound, (number,) in bounds(hint) if name in node else ():
                given = tuple(node[name]) if kind is tuple else None
                yield node, name, *values(hint, bound, kind, number, given)


#: each argument of a class once, from the first YAML that names it
FOUND = {(node[TARGET], name): (file, node, *values) for file in FILES[::-1] for node, name, *values in cases(file)}
CASES = [
    pytest.param(node, name, possible, impossible, id=f"{file.stem}-{target.rpartition('.')[2]}-{name}")
    for (target, name), (file, node, possible, impossible) in FOUND.items()
]


def made(node, path="", **changed):
    """A plug-in built from its YAML, as the harness builds it; networks on a small grid."""
    cls = resolve(node, ALL)
    if isinstance(cls, type) and issubclass(cls, torch.nn.Module):
        given = {"in_shape": SHAPE, "outputs": 2, "regions": torch.arange(16**3).reshape(SHAPE) % 4}
        given["region_names"] = tuple((node | changed).get("parts", ()))
        given = {k: v for k, v in given.items() if k in inspect.signature(cls).parameters}
        return build(node | changed, ALL, path=path, **given)
    return build(node | changed, ALL, path=path)


def test_there_are_bounds_to_test():
    assert len(CASES) > 150
    assert sum(target.startswith("simulators.") for target, _ in FOUND) > 60


@pytest.mark.parametrize(("node", "name", "possible", "impossible"), CASES)
def test_a_value_beyond_its_bound_is_refused_by_name(node, name, possible, impossible):
    cls = resolve(node, ALL)
    rest = {
        k: made(v) if isinstance(v, dict) and TARGET in v else v for k, v in node.items() if k not in (TARGET, name)
    }
    rest |= {"in_shape": SHAPE, "outputs": 2} if isinstance(cls, type) and issubclass(cls, torch.nn.Module) else {}
    for value in impossible:
        with pytest.raises(BadInput, match=rf"^{cls.__name__}\.{name}=.* is not possible: give "):
            cls(**rest, **{name: value})
        with pytest.raises(BadInput, match=rf"^here\.{name}.* is not possible: give "):
            made(node, "here", **{name: value})


#: arguments that another one must not exceed
WITH = {
    "window": {"stride": 1},
    "field_mm": {"spacing_mm": 100},
    "spacing_mm": {"field_mm": 0},
    "shared": {"paired": 0.0},
    "paired": {"shared": 0.0},
    "smallest_ml": {"largest_ml": 500},
    "largest_ml": {"smallest_ml": 0.001},
    "volume_sd": {"volume_ml": 5.0},
    "high": {"low": min(ages_with_norms())},
}


#: a size from which a network is not built here
SIZE = 10


def is_network(node):
    return node[TARGET].startswith("bench.networks.")


def beside(node, name, value):
    """What other arguments are while one has a value: a mechanism has its own number of parts."""
    if name == "mechanism":
        return {"parts": ["left insula", "right insula", "brain stem"][: MECHANISMS[value].parts or None]}
    return {k: v for k, v in WITH.get(name, {}).items() if k in node}


@pytest.mark.parametrize(("node", "name", "possible", "impossible"), CASES)
def test_the_outermost_values_are_possible(node, name, possible, impossible):
    # what reads the user's files is not made without them
    for value in possible if "???" not in node.values() else ():
        # a network of the largest size would fill memory, and is refused by its parameters or by the grid
        if not (is_network(node) and not isinstance(value, str) and largest(value) >= SIZE):
            made(node, **{name: value}, **beside(node, name, value))


#: a study's settings as they are by default, and how a model is trained
STUDY = OmegaConf.to_container(
    OmegaConf.structured(Config(name="mine", headline={"one": HeadlineSettings(metric="m")}))
)
TRAIN = OmegaConf.to_container(OmegaConf.load(CONF / "train" / "default.yaml"))
#: (place, class, values) of all settings
DECLARED = [*settings.declarations(Config, STUDY), ("train", Recipe, TRAIN), ("train", Sizes, TRAIN)]
SETTINGS = [
    pytest.param(f"{where}.{name}".lstrip("."), *values(hint, bound, kind, number, None), id=f"{where}.{name}-{i}")
    for where, declared, _ in DECLARED
    for name, hint in hints_of(declared).items()
    for i, (kind, bound, (number,)) in enumerate(bounds(hint))
]


def refuse(place, value):
    """Check the default settings with one of them changed."""
    if place.startswith("train."):
        node = {**TRAIN, place.removeprefix("train."): value}
        return sizes(node), Recipe.of({**node, "checkpoint": None})
    study = OmegaConf.create({**STUDY, "use": {**STUDY["use"], "subjects": 1}})
    OmegaConf.update(study, place, value)
    return settings.check(OmegaConf.to_container(study))


def test_there_are_settings_to_test():
    assert {place for place, *_ in DECLARED} >= {"", "explain", "use", "seed", "views[0]", "headline.one", "train"}
    assert len(SETTINGS) > 25


@pytest.mark.parametrize(("place", "possible", "impossible"), SETTINGS)
def test_a_setting_beyond_its_bound_is_refused_by_name(place, possible, impossible):
    for value in impossible:
        with pytest.raises(BadInput) as caught:
            refuse(place, value)
        assert str(caught.value).startswith(f"{place}={value!r} is not possible: give ")
    for value in possible:
        refuse(place, value)


#: what the harness gives to a network, and no YAML
HARNESS = ("in_shape", "outputs", "return")


def unbounded(hint):
    """Whether a number in an annotation has no bound."""
    if get_origin(hint) in (Literal, ClassVar) or (get_origin(hint) is Annotated and get_args(hint)[0] is not Any):
        return False
    return hint in (int, float) or any(unbounded(part) for part in get_args(hint))


#: what no setting is, whatever it sets
ABSURD = (10**18, -(10**18), 1e308, -1e308, math.inf, -math.inf, math.nan)


def endless(hint):
    """The absurd values that an annotation with a number in it allows, alone or in a list or mapping."""
    forms = [form for v in ABSURD for form in (v, (v,), (v,) * 3, {"name": v})]
    return [form for form in forms if numeric(hint) and fits(form, hint)]


def numeric(hint):
    """Whether there is a number in an annotation."""
    apart = get_origin(hint) in (Literal, ClassVar)
    return hint in (int, float) or (not apart and any(map(numeric, get_args(hint))))


def test_a_number_without_bound_is_found():
    assert all(map(endless, (int, float | None, tuple[int, ...], Mapping[str, float])))
    assert not any(map(endless, (Count, Annotated[int, Multiple(8)], Annotated[float, Between()], ClassVar[int])))
    assert all(map(unbounded, (int, float | None, tuple[float, ...], Literal["a"] | float, Annotated[Any, int])))
    assert not any(map(unbounded, (Count, Count | None, tuple[Count, ...], str, bool, ClassVar[int])))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_number_of_a_plugin_has_a_bound(file):
    for node in described(file):
        hints = hints_of(resolve(node, ALL))
        assert hints or len(node) == 1, "its annotations cannot be resolved"
        declared = {name: hint for name, hint in hints.items() if name not in HARNESS}
        assert not [name for name, hint in declared.items() if unbounded(hint) or endless(hint)]


@pytest.mark.parametrize("declared", dict.fromkeys(declared for _, declared, _ in DECLARED), ids=lambda c: c.__name__)
def test_every_number_of_the_settings_has_a_bound(declared):
    assert not [name for name, hint in hints_of(declared).items() if unbounded(hint) or endless(hint)]


@bounded
@dataclass(frozen=True)
class Part:
    size: Count = 1
    share: Annotated[float, Between(0, 1, "low")] = 1
    spans: Annotated[tuple[float, ...], Between(0, 9, "low")] = (1.0,)
    fill: Literal["zero", "mean"] | float = "zero"


@dataclass(frozen=True)
class Unchecked(Part):
    """A subclass that forgot the decorator."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"size": 0}, "Part.size=0 is not possible: give a whole number of at least 1 and at most 1000000"),
        ({"size": 1.5}, "Part.size=1.5 is not possible: give a whole number of at least 1 and at most 1000000"),
        ({"size": True}, "Part.size=True is not possible: give a whole number of at least 1 and at most 1000000"),
        ({"size": None}, "Part.size=None is not possible: give a whole number of at least 1 and at most 1000000"),
        ({"share": math.inf}, "Part.share=inf is not possible: give a number above 0 and at most 1"),
        ({"share": "all"}, "Part.share='all' is not possible: give a number above 0 and at most 1"),
        (
            {"spans": (1.0, 0.0)},
            "Part.spans=[1.0, 0.0] is not possible: give one or more numbers, each above 0 and at most 9",
        ),
        (
            {"spans": 1.0},
            "Part.spans=1.0 is not possible: give one or more numbers, each above 0 and at most 9",
        ),
        ({"fill": "grey"}, "Part.fill='grey' is not possible: give one of zero, mean or a number"),
    ],
)
def test_every_refusal_has_the_same_grammar(given, said):
    with pytest.raises(BadInput) as caught:
        Part(**given)
    assert str(caught.value) == said
    with pytest.raises(BadInput) as caught:
        check(Part, given, "method.part")
    assert str(caught.value) == said.replace("Part.", "method.part.")
    with pytest.raises(BadInput):
        replace(Part(), **given)


def test_positional_arguments_and_numbers_of_numpy_are_judged():
    assert Part(np.int64(2), np.float32(0.5)).size == 2
    with pytest.raises(BadInput, match=r"Part.size=np.int64\(0\)"):
        Part(np.int64(0))


def test_the_harness_checks_a_class_that_does_not_check_itself():
    assert Unchecked(size=0).size == 0
    with pytest.raises(BadInput, match="size=0"):
        check(Unchecked, {"size": 0}, "Unchecked")


def test_a_multiple_and_a_lower_end():
    assert fits(16, Annotated[int, Multiple(8)]) and not fits(0, Annotated[int, Multiple(8)])
    assert fits(0, Annotated[float, AtLeast(0)]) and not fits(-0.1, Annotated[float, AtLeast(0)])
