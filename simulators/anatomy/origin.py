"""Origins: what the heads and the regions of an anatomy are taken from, also where it lies inside another one."""

from collections.abc import Mapping
from typing import Any

from bench.contracts.simulator import Heads
from simulators.anatomy.parcellation import NOTHING_DRAWN, Parcellation


def heads_of(anatomy: Any) -> Heads:
    """What the heads of an anatomy are taken from, as it or the one inside it states with `heads`; "" where none do."""
    return _stated(anatomy, "heads") or ""


def file_of(anatomy: Any, latents: Mapping[str, Any]) -> str:
    """The file that a subject's head was taken from, by its name within its folder; "" where there is none."""
    named = _stated(anatomy, "file_of")
    return str(named(latents)) if named else ""


def drawing_of(anatomy: Any) -> Parcellation:
    """The drawing that the regions of an anatomy are taken from, of nothing where it or the one inside states none."""
    return _stated(anatomy, "drawing") or NOTHING_DRAWN


def _stated(anatomy: Any, name: str) -> Any:
    """An attribute of an anatomy or, where it has none, of the one inside it."""
    while anatomy is not None and not hasattr(anatomy, name):
        anatomy = getattr(anatomy, "anatomy", None)
    return getattr(anatomy, name, None)
