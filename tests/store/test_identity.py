"""What components are called in keys, and that nothing stored is orphaned by a change of the code."""

from dataclasses import dataclass

import golden_keys
import pytest

from bench.contracts import BadInput
from bench.store.keys import describe, identity, key
from bench.verify import identities
from methods.controls import Constant


@dataclass(frozen=True)
class Moved:
    identity = "former.places.Place"
    size: int = 1


@dataclass(frozen=True)
class Kept(Moved):
    pass


def test_a_class_that_moved_keeps_the_name_it_declares():
    assert identity(Moved) == "former.places.Place"
    assert key(Moved(2)) == key({"_target_": "former.places.Place", "version": None, "size": 2})


@pytest.mark.fault("plug-ins")
@pytest.mark.parametrize(
    ("module", "declared", "whose"),
    [
        ("lab.methods", "methods.controls.Constant", "one of ours"),
        ("lab.methods", "bench.networks.former.Net", "one of ours"),
        ("methods.mine", "methods.controls.Constant", "that of another class"),
        ("methods.mine", "methods.gradients.Gradient", "that of another class"),
        ("lab.methods", f"{__name__}.Kept", "that of another class"),
    ],
)
def test_the_identity_of_another_class_is_refused(module, declared, whose):
    """Maps of the one would be stored, and served, as those of the other."""
    copied = type("Copied", (), {"identity": declared, "__module__": module})
    with pytest.raises(BadInput, match=f"{module}.Copied declares identity = '{declared}', which is {whose}"):
        identity(copied)


def test_a_subclass_is_a_component_of_its_own():
    assert identity(Kept) == f"{__name__}.Kept"


def test_a_node_is_described_by_identity(monkeypatch):
    monkeypatch.setattr(Constant, "identity", "methods.former.Constant", raising=False)
    assert describe({"_target_": "methods.controls.Constant"})["_target_"] == "methods.former.Constant"


def test_identities_are_golden():
    """A class that moved must declare its old name, and a new one is written down, so that it is kept from then on."""
    found, kept = identities.current(), identities.kept()
    gone, new = sorted(kept - found), sorted(found - kept)
    assert not gone, f"not found any more: {gone}; declare `identity` on the class that was moved"
    assert not new, f"not written down: {new}; run python -m bench readme"


def test_a_class_is_found_by_the_identity_it_declares(monkeypatch):
    before = identities.current()
    monkeypatch.setattr(Constant, "identity", "methods.former.Constant", raising=False)
    assert identities.current() ^ before == {"methods.former.Constant", "methods.controls.Constant"}


def test_keys_are_golden():
    """A key that moves orphans what is stored: raise a version on purpose, and write the file anew, or mend it.

    A stage that the file has no key of is new, and moves none of another.
    """
    now, then = golden_keys.rows(), golden_keys.stored()
    stages = {row["stage"] for row in then}
    assert then and [row for row in then if row not in now] == []
    assert [row for row in now if row["stage"] in stages and row not in then] == []


def test_new_identities_are_added_and_none_is_taken_away(tmp_path, monkeypatch):
    monkeypatch.setattr(identities, "FILE", tmp_path / "identities.txt")
    identities.FILE.write_text("methods.former.Constant\n")
    assert identities.write() == identities.FILE
    assert identities.kept() == identities.current() | {"methods.former.Constant"}
