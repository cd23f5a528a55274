"""The README tells of no test that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "methods" / "README.md").read_text()


def test_every_test_it_names_exists():
    named = re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", README)
    assert len(named) > 10
    for file, name in named:
        assert (f"def {name}(" if name else "def ") in (ROOT / "tests" / "methods" / file).read_text(), (file, name)
