"""Tables of names as spreadsheets and scripts write them: read alike, or refused in one sentence."""

import pytest

from bench.contracts import BadInput
from simulators.anatomy.label_table import MOST, label_table

pytestmark = pytest.mark.fault("files")

TEXT = "index\tname\n0\tnothing\n7\tl\u00e9ft, half\n9\tright half\n"
ALIKE = {
    "as it is": TEXT.encode(),
    "with a mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "a mark and quotes": b"\xef\xbb\xbf" + TEXT.replace("index", '"index"').encode(),
    "from Windows": TEXT.replace("\n", "\r\n").encode(),
    "from an old Mac": TEXT.replace("\n", "\r").encode(),
    "no end of its last line": TEXT.rstrip().encode(),
    "blanks about cells": TEXT.replace("\t", " \t ").replace("\n", " \n").encode(),
    "empty lines": TEXT.replace("\n", "\n\n").encode() + b"\t\n \n",
    "empty cells at ends of lines": TEXT.replace("\n", "\t\t\n").encode(),
    "no name for 0": TEXT.replace("nothing", "").encode(),
    "columns turned round": b"name\tindex\n" + "l\u00e9ft, half\t7\nright half\t9\n".encode(),
    "columns of something else": TEXT.replace("\n", "\tx\n").encode(),
}


@pytest.mark.parametrize("way", ALIKE)
def test_the_same_table_is_read_however_it_was_saved(tmp_path, way):
    (tmp_path / "a.tsv").write_bytes(ALIKE[way])
    assert label_table(tmp_path / "a.tsv") == ((7, 9), ("l\u00e9ft, half", "right half"), ("any", "any"))


@pytest.mark.parametrize("suffix", ["csv", "CSV"])
def test_a_comma_separated_table_may_quote_a_name(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_text('index, name, tissue\n7, "half, left", gm\n')
    assert label_table(path) == ((7,), ("half, left",), ("gm",))


@pytest.mark.parametrize("name", ["NA", "nan", "null", "None", "n/a", "007", "1e3", "True", "-"])
def test_a_name_is_a_text_whatever_it_looks_like(tmp_path, name):
    (tmp_path / "a.tsv").write_text(f"index\tname\n3\t{name}\n")
    assert label_table(tmp_path / "a.tsv").names == (name,)


MANY = b"index\tname\n" + b"".join(b"%d\t%d\n" % (i, i) for i in range(1, MOST + 2))
UNUSABLE = {
    "is no text in UTF-8": TEXT.encode("latin-1"),
    "is no text in UTF-8; save": TEXT.encode("utf-16"),
    "is no text in UTF-8; save it": b"PK\x03\x04" + bytes(range(256)),
    r"has the columns \[\]": b"",
    r"has the columns \['index;name'\]; name two of them index and name, separated by tabs": b"index;name\n1;x\n",
    "has two columns 'name'": b"index\tname\tname\n7\tx\ty\n",
    "has two columns 'index'": b"index\tname\tindex\n7\tx\t8\n",
    "line 3 has 4 cells under 2 columns": b"index\tname\n7\tx\n8\ty\tz\tw\n",
    "name; line 3 has none": b"index\tname\n7\tx\n8\t \n",
    "name; line 2 has none": b"index\tname\n7.0\tx\n",
    "name; line 2 has none$": "index\tname\n\u0667\tx\n".encode(),
    "and a name; line 2 has none": b"index\tname\n-7\tx\n",
    "0 or more, and a name; line 2 has none": b"index\tname\n1" + b"0" * 5000 + b"\tx\n",
    "more, and a name; line 2 has none": b"index\tname\n7\tx\x00\n",
    "cannot be read as a table": b'index\tname\n7\t"x\n8\ty\n',
    r"tissue 'GM' is none of gm, wm, csf, gm\+wm and any": b"index\tname\ttissue\n7\tx\tGM\n",
    "tissue '' is none of": b"index\tname\ttissue\n7\tx\n",
    "index 7 stands there twice": b"index\tname\n7\tx\n07\ty\n",
    "name 'x' stands there twice": b"index\tname\n7\tx\n8\tx \n",
    f"names {MOST + 1} regions; give at most {MOST}": b"index\tname\n"
    + b"".join(b"%d\t%d\n" % (i, i) for i in range(1, MOST + 2)),
}


@pytest.mark.parametrize("says", UNUSABLE)
def test_an_unusable_table_is_refused_by_name(tmp_path, says):
    (tmp_path / "bad.tsv").write_bytes(UNUSABLE[says])
    with pytest.raises(BadInput, match=rf"bad\.tsv: .*{says}") as caught:
        label_table(tmp_path / "bad.tsv")
    assert "\n" not in str(caught.value)
