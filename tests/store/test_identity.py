"""What components are called in keys, and that nothing stored is orphaned by a change of the code."""

from dataclasses import dataclass
from pathlib import Path

import golden_keys
import yaml

from bench.config.build import ALLOWED, nodes, resolve
from bench.store.keys import describe, identity, key

CONF = Path(__file__).parents[2] / "conf"
IDENTITIES = Path(__file__).parent / "identities.txt"


@dataclass(frozen=True)
class Moved:
    identity = "methods.former.Place"
    size: int = 1


@dataclass(frozen=True)
class Kept(Moved):
    pass


def test_a_class_that_moved_keeps_the_name_it_declares():
    assert identity(Moved) == "methods.former.Place"
    assert key(Moved(2)) == key({"_target_": "methods.former.Place", "version": None, "size": 2})


def test_a_subclass_is_a_component_of_its_own():
    assert identity(Kept) == f"{__name__}.Kept"


def test_a_node_is_described_by_identity(monkeypatch):
    from methods.controls import Constant

    monkeypatch.setattr(Constant, "identity", "methods.former.Constant", raising=False)
    assert describe({"_target_": "methods.controls.Constant"})["_target_"] == "methods.former.Constant"


def shipped():
    """Every class that a YAML of ours names."""
    trees = [yaml.safe_load(path.read_text()) for path in sorted(CONF.rglob("*.yaml"))]
    return {identity(resolve(node, ALLOWED)) for tree in trees for _, node in nodes(tree)}


def test_identities_are_golden():
    """A class that moved must declare its old name."""
    gone = sorted(set(IDENTITIES.read_text().split()) - shipped())
    assert not gone, f"not found any more: {gone}; declare `identity` on the class that was moved"


def test_keys_are_golden():
    """A key that moves orphans what is stored: raise a version on purpose, and write the file anew, or mend it.

    What a new stage adds moves no key of another.
    """
    now, then = golden_keys.rows(), golden_keys.stored()
    assert then and [row for row in then if row not in now] == []
