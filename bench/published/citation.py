"""Citation of an edition: one line with the authors, the study, the edition, its date and its digest."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from bench.contracts import BadInput
from bench.provenance import ROOT

CITATION = ROOT / "CITATION.cff"
#: digits of the digest that a line cites
CITED = 12
#: between these the page of an edition cites it; elsewhere nothing stands there
BEGIN, END = "<!-- citation -->", "<!-- /citation -->"


def citation(study: str, number: int, date: str, digest: str, source: Path = CITATION) -> str:
    """The line that cites an edition; date: its day, ISO 8601."""
    about: Any = OmegaConf.to_container(OmegaConf.load(source))
    authors = ", ".join(_name(author) for author in about["authors"])
    return f"{authors} ({date[:4]}). {about['title']}. {cited(study, number, date, digest)}."


def cited(study: str, number: int, date: str, digest: str) -> str:
    """The end of that line, which tells the edition from every other."""
    return f"Study {study}, edition {number}, {date[:10]}, sha256 {digest[:CITED]}"


def cite(page: Path, line: str) -> None:
    """Write a citation into a page, where it has the place for one.

    Raises:
        BadInput: where it has none.
    """
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    if not begin or END not in rest:
        raise BadInput(f"{page} has no place for a citation; draw it anew with 'python -m bench report'")
    cited = f"<p>Cite these tables as: {html.escape(line)}</p>"
    page.write_text(f"{head}{begin}{cited}{END}{rest.split(END, 1)[1]}", encoding="utf-8", newline="\n")


def _name(author: Mapping[str, str]) -> str:
    """A person's name or an entity's, as the Citation File Format writes them."""
    parts = (author.get(part) for part in ("given-names", "name-particle", "family-names", "name-suffix"))
    return author.get("name") or " ".join(filter(None, parts))
