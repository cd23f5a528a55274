"""Numbers on the page that name the table, row and column they come from, so that each can be checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from bench.report.figures.style import label

NONE = Markup('<span class="none" title="{}">–</span>')


class Trace:
    """Markup of table cells. Row numbers are the positions in the CSV file of the table's name, counted from 0."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], about: Mapping[str, Any]) -> None:
        self.tables, self.about = tables, about
        self._method_rows = {name: row for row, name in enumerate(tables["methods"]["method"])}

    def value(self, table: str, row: int, column: str) -> Any:
        """The bare value of a cell."""
        return self.tables[table][column].iloc[row]

    def num(self, table: str, row: int, column: str, why: str = "no value") -> Markup:
        """A number as it is read, the exact one beside it; a dash that tells why where there is none."""
        value = self.value(table, row, column)
        return NONE.format(why) if pd.isna(value) else _cell(table, row, column, shown(value), value)

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
        value = str(self.value(table, row, column))
        return _cell(table, row, column, value, None)

    def name(self, method: str) -> Markup:
        """A method's name as words."""
        return _cell("methods", self._method_rows[method], "method", label(method), None)

    def study(self, key: str) -> Markup:
        """A value of study.json."""
        return Markup('<span data-table="study" data-column="{}">{}</span>').format(key, str(self.about.get(key, "")))


def shown(value: float) -> str:
    """A number as printed: counts whole, others with two decimals (fewer from ten upwards), a true minus."""
    whole = isinstance(value, int | np.integer) or abs(value) >= 100
    text = f"{value:,.0f}" if whole else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def _cell(table: str, row: int, column: str, text: str, value: Any) -> Markup:
    exact = Markup("") if value is None else Markup(' data-value="{}"').format(repr(float(value)))
    where = Markup('data-table="{}" data-row="{}" data-column="{}"').format(table, row, column)
    return Markup("<span {}{}>{}</span>").format(where, exact, escape(text))
