"""Declarations of columns: a name stands once per table, and each kind is one that readers know."""

import pytest

from bench.columns import aggregated, between, written
from bench.columns.declaration import Columns

TABLES = {**written.TABLES, **aggregated.TABLES, **between.TABLES}


@pytest.mark.parametrize("name", TABLES)
def test_a_name_stands_once_and_is_described(name):
    table = TABLES[name]
    assert len(set(table.names)) == len(table.names)
    assert all(column.description for column in table.columns)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="and not decimal"):
        Columns.of("value decimal the score")


def test_parts_of_a_table_keep_their_order():
    table = Columns.of("a text first\nb whole second") + Columns.of("c number third")
    assert table.names == ["a", "b", "c"] and table.only("c", "a").names == ["c", "a"]
    assert table.after(Columns.of("b whole second")) == ["a", "c"] and table.kind("number") == {"c"}
    assert [str(field.type) for field in table.schema] == ["string", "int64", "double"]
