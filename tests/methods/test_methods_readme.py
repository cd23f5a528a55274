"""The README tells of every method there is, and of no test that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "methods" / "README.md").read_text()


def test_every_method_is_described():
    for path in sorted((ROOT / "conf" / "method").glob("*.yaml")):
        name = "oracle_<truth>" if path.stem.startswith("oracle_") else path.stem
        assert f"| `{name}` |" in README, path.stem


def test_every_test_it_names_exists():
    named = re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", README)
    assert len(named) > 10
    for file, name in named:
        assert (f"def {name}(" if name else "def ") in (ROOT / "tests" / "methods" / file).read_text(), (file, name)
