"""Numbers on the page that name the table, row and column they come from (`data-at`), so that each can be checked."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from bench.report.figures.style import display_name
from bench.report.page.numbers import formatted

NONE = Markup('<span class="none" title="{}">–</span>')


class Trace:
    """Markup of table cells. Row numbers are the positions in the CSV file of the table's name, counted from 0."""

    form = Markup

    def __init__(self, tables: Mapping[str, pd.DataFrame], about: Mapping[str, Any]) -> None:
        self.tables, self.about = tables, about
        self._method_rows = {name: row for row, name in enumerate(tables["methods"]["method"])}

    def value(self, table: str, row: int, column: str) -> Any:
        """The bare value of a cell."""
        return self.tables[table][column].iloc[row]

    def num(self, table: str, row: int, column: str, why: str = "no value", decimals: int | None = None) -> Markup:
        """A number as it is read; a dash that tells why where there is none."""
        value = self.value(table, row, column)
        return NONE.format(why) if pd.isna(value) else _cell(table, row, column, formatted(value, decimals))

    def interval(self, table: str, row: int, why: str = "no value", stem: str = "") -> Markup:
        """mean [low, high] of a row; `gain` reads gain [gain_low, gain_high]."""
        low, high = (f"{stem}_low", f"{stem}_high") if stem else ("low", "high")
        mean = self.num(table, row, stem or "mean", why)
        if pd.isna(self.value(table, row, low)):
            return mean
        inner = Markup("{}, {}").format(self.num(table, row, low), self.num(table, row, high))
        return Markup('{} <span class="ci">[{}]</span>').format(mean, inner)

    def text(self, table: str, row: int, column: str) -> Markup:
        """The text of a cell, escaped."""
        return _cell(table, row, column, with_code(str(self.value(table, row, column))))

    def name(self, method: str) -> Markup:
        """A method's name as words."""
        return _cell("methods", self._method_rows[method], "method", display_name(method))

    def label(self, name: str) -> str:
        """A metric's name as words."""
        return display_name(name)

    def note(self, table: str, row: int, column: str) -> Markup:
        """A remark of a table beside a sentence."""
        return Markup('<span class="pill">{}</span>').format(self.text(table, row, column))

    def study(self, key: str) -> Markup:
        """A value of study.json."""
        return Markup('<span data-at="study {}">{}</span>').format(key, str(self.about.get(key, "")))


def with_code(text: str) -> Markup:
    """A text of ours, what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _cell(table: str, row: int, column: str, text: str) -> Markup:
    return Markup('<span data-at="{} {} {}">{}</span>').format(table, row, column, text)
