"""Tables of shipped methods and metrics in their READMEs, from what the classes declare; what is published behind them.

python -m bench readme. A README says where: `<!-- NAME -->` and `<!-- /NAME -->` on lines of their own.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from bench.config.build import build
from bench.contracts import BadInput
from bench.provenance import ROOT
from bench.store import files
from bench.verify import published

METHODS, METRICS = ROOT / "methods" / "README.md", ROOT / "metrics" / "README.md"
RESULTS = ROOT / "results" / "README.md"


def methods() -> str:
    """One row per class of methods: what its tags say of the maps, and what a reader of them should know."""
    rows = [
        [
            _names(names),
            _file(made),
            made.tags.role if made.tags.role != "method" else made.tags.quantity,
            "yes" if made.tags.signed else "no",
            f"`{made.tags.cost}`",
            getattr(made, "note", ""),
        ]
        for names, made in sorted(_classes("method"), key=lambda found: (found[1].tags.family, _file(found[1])))
    ]
    return table(["method", "file", "quantity or role", "signed", "passes a map", "a reader should know"], rows)


def metrics() -> str:
    """One row per class of metrics: what it computes, and how its value reads."""
    rows = [
        [
            _names(names),
            _file(made),
            made.summary,
            "more" if made.tags.higher_is_better else "less",
            _chance(made.tags.chance, made.tags.floor),
            _interval(*made.tags.bounds),
            made.reference,
        ]
        for names, made in sorted(_classes("metric"), key=lambda found: (found[1].tags.kind, _file(found[1])))
    ]
    return table(["metric", "file", "what it computes", "better", "chance", "bounds", "source"], rows)


def blind_spots() -> str:
    """One row a blind spot: the question a metric answers, what fools it there, and the test that shows it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, made in shipped("metric"):
        for spot in getattr(made, "blind_spots", ()):
            found.setdefault((made.question, *spot), []).append(name)
    rows = [[_names(names), question, fooled, f"`{test}`"] for (question, fooled, test), names in found.items()]
    return table(["metric", "what it answers", "what fools it", "shown by"], rows)


def behind() -> str:
    """One row a published study: its components of which the code has another version."""
    return table(["study", "behind the code"], published.table(published.studies()))


TABLES: dict[Path, dict[str, Callable[[], str]]] = {
    METHODS: {"methods": methods},
    METRICS: {"metrics": metrics, "blind spots": blind_spots},
    RESULTS: {"behind": behind},
}


def shipped(group: str) -> Iterator[tuple[str, Any]]:
    """Name and plug-in of every YAML of a group, `method` or `metric`, by name."""
    for path in sorted((ROOT / "conf" / group).glob("*.yaml")):
        node: Any = OmegaConf.to_container(OmegaConf.load(path))
        yield path.stem, build(node, path=path.stem)


def replaced(readme: Path, name: str, lines: str) -> str:
    """The text of a README with lines put between the markers of a name; BadInput where it has none."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, found, rest = readme.read_text().partition(begin)
    if not found or end not in rest:
        raise BadInput(f"{readme} has no '{begin}' and '{end}'; put them where the table belongs")
    return f"{head}{begin}\n{lines}\n{end}{rest.split(end, 1)[1]}"


def write() -> Iterator[Path]:
    """Write every table into its README; yields the READMEs."""
    for readme, tables in TABLES.items():
        for name, make in tables.items():
            files.write_bytes(readme, replaced(readme, name, make()).encode())
        yield readme


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    escaped = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *escaped))


def _classes(group: str) -> list[tuple[list[str], Any]]:
    """The names that share a class, and the plug-in of the first of them."""
    found: dict[type, tuple[list[str], Any]] = {}
    for name, made in shipped(group):
        found.setdefault(type(made), ([], made))[0].append(name)
    return list(found.values())


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _file(made: Any) -> str:
    return f"`{type(made).__module__.rpartition('.')[2]}.py`"


def _chance(chance: float | None, floor: float | None) -> str:
    return f"{chance:g}" if chance is not None else "" if floor is None else f"floor {floor:g}"


def _interval(low: float, high: float) -> str:
    start = f"[{low:g}" if math.isfinite(low) else "(-∞"
    return f"{start}, {high:g}]" if math.isfinite(high) else f"{start}, ∞)"
