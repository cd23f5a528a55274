"""Tables in Markdown, and their places in a README.

A README says where: `<!-- NAME -->` and `<!-- /NAME -->` on lines of their own.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.contracts import BadInput


def with_lines(readme: Path, name: str, lines: str) -> str:
    """The text of a README with lines put between the markers of a name; BadInput where it has none."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, marker, rest = readme.read_text().partition(begin)
    if not marker or end not in rest:
        raise BadInput(f"{readme} has no '{begin}' and '{end}'; put them where the table belongs")
    return f"{head}{begin}\n{lines}\n{end}{rest.split(end, 1)[1]}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    escaped = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *escaped))


def code(texts: Iterable[str]) -> str:
    """Names as code, one after the other."""
    return ", ".join(f"`{text}`" for text in texts)
