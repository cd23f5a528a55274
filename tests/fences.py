"""Fenced code of READMEs, found by its kind and heading, and run as a module of its own."""

import re
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]


def blocks(readme: str, kind: str, under: str = "") -> list[str]:
    """The fenced blocks of a kind (`python`, `yaml`) of a README of ours, of those below a heading if one is given."""
    text = (ROOT / readme).read_text()
    if under:
        (text,) = re.findall(rf"^#+ {re.escape(under)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def executed(source: str, monkeypatch, name: str = "readme_example", **known: object) -> ModuleType:
    """A block as a module that can be found by its name, as dataclasses ask."""
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    vars(module).update(known)
    exec(compile(source, f"<{name}>", "exec"), vars(module))
    return module
