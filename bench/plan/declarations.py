"""Declarations: attributes that the contract of a kind of plug-in annotates, and that a plug-in has to have."""

from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from bench.contracts import BadInput, Method, Metric, Network, Simulator, require

#: group of a study: (what it calls one of them, its contract, the page that shows how to state what is missing)
CONTRACTS: dict[str, tuple[str, Any, str]] = {
    "simulators": ("simulator", Simulator, "simulators/README.md"),
    "networks": ("network", Network, "bench/networks/README.md"),
    "methods": ("method", Method, "methods/README.md"),
    "metrics": ("metric", Metric, "metrics/README.md"),
}


def check_declarations(plugin: Any, group: str, label: str) -> None:
    """Raise BadInput for the first attribute that a plug-in, or its class, does not state as its contract asks."""
    kind, contract, page = CONTRACTS[group]
    for name, hint in get_type_hints(contract, include_extras=True).items():
        if _missing(plugin, name, hint):
            cls = plugin if isinstance(plugin, type) else type(plugin)
            raise BadInput(f"{kind}.{label}: {cls.__name__} has no {name}; state it in the class, as {page} shows")
        if get_origin(hint) is not ClassVar:
            require(f"{kind}.{label}", name, getattr(plugin, name), hint)


def _missing(plugin: Any, name: str, hint: Any) -> bool:
    """True for an attribute that is not there, and for one of the class that is empty or of another kind."""
    if get_origin(hint) is not ClassVar:
        return not hasattr(plugin, name)
    (stated,), value = get_args(hint), getattr(plugin, name, None)
    parts = value if get_origin(stated) is tuple and isinstance(value, tuple) else (value,)
    kind = get_args(stated)[0] if get_origin(stated) is tuple else stated
    return not value or not all(isinstance(part, kind) for part in parts)
