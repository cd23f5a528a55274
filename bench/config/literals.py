"""Texts and values in Hydra's grammar, so that they arrive as they are whatever letters they have."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

#: the one setting that is a path, whatever it looks like
RESULTS = "paths.results"
#: texts that the grammar reads as themselves, unless they are one of the words
_BARE, _WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*"), ("true", "false", "null", "nan", "inf")
_QUOTES, _OPENING = ("'", '"'), ("'", '"', "[", "{")


def literal(text: str) -> str:
    """A text as an element of the grammar in which OmegaConf finds nothing to replace."""
    return QuotedString(re.sub(r"(\\*)\$\{", r"\1\1\\${", text), Quote.single).with_quotes()


def element(value: Any) -> str:
    """A plain value as an element of the grammar that is read as the same value."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{element(v)}' for key, v in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(element, value))}]"
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) and value.lower() not in _WORDS else literal(value)
    return str(value)


def unquoted(text: str) -> str:
    """An element without the quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES else text


def as_typed(line: str, groups: Collection[str]) -> str:
    """An override line whose path, or text that the grammar does not read, is a literal; other lines as they are.

    groups: those whose keys may be paths. A comma in `paths.results` is a letter; in other keys it parts values that
    are swept, unless they are quoted.
    """
    key, _, value = line.partition("=")
    name = key.lstrip("+")
    if not value or (name != RESULTS and ("." not in name or name.partition(".")[0] not in groups)):
        return line
    try:
        override = OverridesParser.create().parse_override(line)
    except HydraException:
        override = None
    if name == RESULTS and value != "null":
        return f"{key}={literal(_whole(override, value))}"
    texts = _texts(override, value)
    return f"{key}={','.join(map(literal, texts))}" if texts else line


def _whole(override: Override | None, value: str) -> str:
    """A value as typed, less the quotes around all of it."""
    text = override.value() if override and value.startswith(_QUOTES) and not override.is_sweep_override() else value
    return str(text)


def _texts(override: Override | None, value: str) -> list[str]:
    """The paths that a value is, one or several, or the texts that the grammar does not read; none of other values."""
    if override is None:
        unclosed = value.startswith(_OPENING) and "/" not in value
        return [] if unclosed else [unquoted(text) for text in re.findall(r""""[^"]*"|'[^']*'|[^,]+""", value)]
    if override.is_sweep_override() and re.match(r"\w+\s*\(", value):
        return []
    given = list(override.sweep_iterator()) if override.is_sweep_override() else [override.value()]
    texts = [v.text if isinstance(v, QuotedString) else v for v in given]
    paths = [text for text in texts if isinstance(text, str) and "/" in text]
    return paths if len(paths) == len(texts) else []
