"""Tables that name the labels of an atlas, as spreadsheets and scripts write them."""

import csv
import io
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from bench.contracts import BadInput

#: what a table of region names holds; `tissue` may stand beside it
COLUMNS = ("index", "name")
#: tissues that a region may be of
TISSUES = ("gm", "wm", "csf")
#: what a nucleus is of, and a region of which nothing is known
NUCLEUS, ANY = "gm+wm", "any"
#: rows at most, as templates number regions in two bytes, and digits of a label at most
MOST, DIGITS = 32767, 20


class LabelTable(NamedTuple):
    """Regions in the order of the file, without 0. tissues: "gm", "wm", "csf", "gm+wm" or "any" for each."""

    indices: tuple[int, ...]
    names: tuple[str, ...]
    tissues: tuple[str, ...]


def label_table(path: Path) -> LabelTable:
    """A table of names in UTF-8, with or without a mark of it, whatever ends its lines.

    Cells are separated by commas in a .csv, else by tabs, and lose the blanks around them; rows without content are
    none.

    Raises:
        BadInput: the file is missing, no such table, or a name or number is missing or stands twice.
    """
    lines = _lines(path)
    header = lines[0][1] if lines else []
    if not set(COLUMNS) <= set(header):
        by = "commas" if _commas(path) else "tabs"
        raise BadInput(f"{path}: has the columns {header}; name two of them {' and '.join(COLUMNS)}, separated by {by}")
    if twice := [column for column in (*COLUMNS, "tissue") if header.count(column) > 1]:
        raise BadInput(f"{path}: has two columns {twice[0]!r}; keep one of them")
    table = LabelTable((), (), ())
    if regions := [region for number, cells in lines[1:] if (region := _region(path, number, header, cells))]:
        table = LabelTable(*zip(*regions, strict=True))
    _require_unique(path, table)
    return table


def _commas(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Lines that hold something, with their numbers, as cells."""
    if not path.is_file():
        raise BadInput(f"{path}: there is no such file; give a table with the columns {' and '.join(COLUMNS)}")
    try:
        text = io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=None)
        reader = csv.reader(text, delimiter="," if _commas(path) else "\t", skipinitialspace=True, strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader]
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is no text in UTF-8; save it as UTF-8, tab-separated or .csv") from error
    except (OSError, csv.Error) as error:
        raise BadInput(f"{path}: cannot be read as a table ({error}); write it anew") from error
    return [(number, cells) for number, cells in lines if any(cells)]


def _region(path: Path, number: int, header: list[str], cells: list[str]) -> tuple[int, str, str] | None:
    """Index, name and tissue of a line; None for what is no region."""
    if any(cells[len(header) :]):
        raise BadInput(f"{path}: line {number} has {len(cells)} cells under {len(header)} columns; quote its name")
    row = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
    index, name, tissue = row["index"], row["name"], row.get("tissue", ANY)
    whole = index.isascii() and index.isdigit() and len(index) <= DIGITS
    if whole and not int(index):
        return None
    if not (whole and name and name.isprintable()):
        raise BadInput(
            f"{path}: every row needs a whole number as index, 0 or more, and a name; line {number} has none"
        )
    if tissue not in (*TISSUES, NUCLEUS, ANY):
        kinds = ", ".join((*TISSUES, NUCLEUS))
        raise BadInput(f"{path}: tissue {tissue!r} is none of {kinds} and {ANY}; write one of these")
    return int(index), name, tissue


def _require_unique(path: Path, table: LabelTable) -> None:
    """Refuse a name or a number that stands for two regions, and more regions than can be numbered."""
    for column, values in zip(COLUMNS, (table.indices, table.names), strict=True):
        value, count = Counter[object](values).most_common(1)[0] if values else (None, 0)
        if count > 1:
            raise BadInput(f"{path}: {column} {value!r} stands there twice; make each its own")
    if len(table.names) > MOST:
        raise BadInput(f"{path}: names {len(table.names)} regions; give at most {MOST}")
