"""The check of a plug-in's arguments against its annotations: kinds, choices and bounds, in one grammar of refusal.

A bound on a tuple holds for each of its numbers, of which there must be one. `Annotated[Any, hint]` is judged as the
hint: Hydra, which reads annotations too, takes fewer of them. Relations between arguments stay in the class, which
refuses them by `impossible`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache, wraps
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from bench.contracts.errors import BadInput
from bench.contracts.names import slip

Class = TypeVar("Class", bound=type)
#: annotations that are judged, as errors call them
_KINDS = {int: "whole number", float: "number", bool: "true or false", str: "text", NoneType: "null"}


#: values that are no object; settings, which are judged key by key, come as mappings in place of their class
_PLAIN = (Real, str, NoneType, Sequence)


def bounded(cls: Class) -> Class:
    """The class, refusing with BadInput what the annotations of its fields, or of its constructor, do not allow."""
    construct: Callable[..., None] = vars(cls)["__init__"]
    signature = inspect.signature(construct)

    @wraps(construct)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        check(cls, signature.bind(self, *args, **kwargs).arguments, type(self).__name__)
        construct(self, *args, **kwargs)

    setattr(cls, "__init__", checked)  # noqa: B010  # mypy lets no method be assigned
    return cls


def check(cls: Any, arguments: Mapping[str, Any], where: str) -> None:
    """Raise BadInput for the first argument of a class that its annotation does not allow; `where` names the owner."""
    hints = hints_of(cls)
    for name, value in arguments.items():
        if name in hints:
            require(where, name, value, hints[name])


def require(owner: object, name: str, value: Any, hint: Any) -> None:
    """Raise BadInput for a value that an annotation does not allow.

    In a list of parts the first that is none is refused, and an object is told what it lacks to be one.
    """
    if fits(value, hint):
        return
    inner = get_args(hint)
    if get_origin(hint) is tuple and Ellipsis in inner and _kinds(inner[0]) and fits(value, tuple[Any, ...]):
        for place, part in enumerate(value):
            require(owner, f"{name}[{place}]", part, inner[0])
    lacking = {kind: _lacking(value, kind) for kind in _kinds(hint) if not isinstance(value, _PLAIN)}
    kind = min((kind for kind in lacking if lacking[kind]), key=lambda kind: len(lacking[kind]), default=None)
    if kind:
        asks = f"{', '.join(lacking[kind])}; give it what {kind.__name__} in {kind.__module__} asks"
        raise BadInput(f"{_place(owner, name)}: {type(value).__name__} has no {asks}")
    raise impossible(owner, name, value, _described(hint) + slip(value, _choices(hint)))


def impossible(owner: object, name: str, value: Any, give: str) -> BadInput:
    """The refusal of one argument of an object, or of what a text names, saying what to give instead."""
    plain = list(value) if isinstance(value, tuple) else value
    return BadInput(f"{_place(owner, name)}={plain!r} is not possible: give {give}")


def _place(owner: object, name: str) -> str:
    """Where an argument stands."""
    where = owner if isinstance(owner, str) else type(owner).__name__
    return f"{where}.{name}" if where else name


@cache
def hints_of(cls: Any) -> dict[str, Any]:
    """Annotations of a class's fields, or of its constructor, bounds included; none where one cannot be resolved."""
    try:
        annotated = cls.__init__ if inspect.isclass(cls) and not is_dataclass(cls) else cls
        return get_type_hints(annotated, include_extras=True)
    except (NameError, TypeError):
        return {}


def fits(value: Any, hint: Any) -> bool:
    """True where a value fits an annotation; others than of numbers, texts, choices and parts are not judged."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, h) for h in inner)
    if origin is Annotated:
        kind, *bounds = inner
        if kind is Any:
            return all(fits(value, h) for h in bounds)
        if get_origin(kind) is tuple:
            each: Any = Annotated[get_args(kind)[0], *bounds]
            return fits(value, kind) and len(value) > 0 and all(fits(v, each) for v in value)
        return fits(value, kind) and all(bound.holds(value) for bound in bounds)
    if origin is tuple:
        several = isinstance(value, Sequence) and not isinstance(value, str)
        return several and (Ellipsis in inner or len(value) == len(inner)) and all(fits(v, inner[0]) for v in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(fits(v, inner[1]) for v in value.values())
    if origin is Literal:
        return value in inner
    if hint in (int, float):
        return isinstance(value, Integral if hint is int else Real) and not isinstance(value, bool)
    if hint in (bool, str, NoneType):
        return isinstance(value, hint)
    if not _is_part(hint):
        return True
    if _is_class(hint):
        return isinstance(value, hint | Mapping)
    return not isinstance(value, _PLAIN) and not _lacking(value, hint)


def _is_part(hint: Any) -> bool:
    """True for a class of objects that a configuration names by a `_target_`."""
    return _is_class(hint) or getattr(hint, "_is_protocol", False)


def _is_class(hint: Any) -> bool:
    """True for a part that is told by its class, and not by what it has."""
    return is_dataclass(hint) or inspect.isabstract(hint)


def _kinds(hint: Any) -> list[Any]:
    """The kinds of parts that an annotation allows."""
    alternatives = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return [kind for kind in alternatives if _is_part(kind)]


def _lacking(value: Any, kind: Any) -> list[str]:
    """What a protocol asks for, beside properties, and an object does not have; nothing for a class."""
    asked = [
        name
        for base in reversed(kind.__mro__)
        if getattr(base, "_is_protocol", False)
        for name in (*inspect.get_annotations(base), *(n for n, m in vars(base).items() if inspect.isfunction(m)))
    ]
    return [name for name in dict.fromkeys(asked) if not name.startswith("_") and not hasattr(value, name)]


def _choices(hint: Any) -> tuple[Any, ...]:
    """The texts and numbers that an annotation names one by one, however deep."""
    inner = get_args(hint)
    return inner if get_origin(hint) is Literal else tuple(choice for part in inner for choice in _choices(part))


def _described(hint: Any) -> str:
    """An annotation in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(map(_described, inner))
    if origin is Annotated:
        kind, *bounds = inner
        if kind is Any:
            return " and ".join(map(_described, bounds))
        if get_origin(kind) is tuple:
            number, *others = get_args(kind)
            count = "one or more" if Ellipsis in others else 1 + len(others)
            return f"{count} {_KINDS[number]}s, each {', '.join(map(str, bounds))}"
        return f"a {_KINDS[kind]} {', '.join(map(str, bounds))}"
    if origin is tuple:
        return f"{'a list of' if Ellipsis in inner else len(inner)} values, each {_described(inner[0])}"
    if origin is Mapping:
        return f"values by name, each {_described(inner[1])}"
    if origin is Literal:
        return "one of " + ", ".join(map(str, inner))
    if _is_part(hint):
        return f"a node whose _target_ is of kind {hint.__name__}"
    return f"a {_KINDS[hint]}" if hint in (int, float) else _KINDS.get(hint, getattr(hint, "__name__", str(hint)))
