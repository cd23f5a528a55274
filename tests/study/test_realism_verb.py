"""The verb `realism`: what simulators share is measured once, and what has no norms ends nothing."""

from dataclasses import dataclass

import pytest

from bench.contracts import BadInput, Unsupported
from bench.explore import realism
from bench.plan import plan
from simulators.anatomy.slab import Slab
from simulators.brain import Brain


@dataclass
class Measured:
    title: str


@pytest.fixture
def measured(monkeypatch):
    """Simulators that were measured, in turn."""
    told = []

    def measure(brain, subjects):
        if isinstance(brain.anatomy, Slab):
            raise Unsupported("a slab cuts structures")
        told.append((type(brain.pathology).__name__, subjects))
        return Measured("mni152_7mm")

    monkeypatch.setattr(Brain, "realism", measure)
    monkeypatch.setattr(realism, "_written", lambda measured, folder, title: iter([title]))
    return told


def titles(names):
    return list(realism.write(plan.study(["study=tiny", f"simulator={names}"])[0]))


def test_simulators_that_differ_in_pathology_alone_are_measured_once(measured):
    assert titles("mtl_atrophy,texture") == ["mni152_7mm"]
    assert measured == [("Spreading", realism.SUBJECTS)]


def test_another_scanner_or_ageing_is_measured_and_written_beside(measured):
    assert titles("mtl_atrophy,focal,confounded_age") == [
        "mni152_7mm",
        "mni152_7mm_focal",
        "mni152_7mm_confounded_age",
    ]


def test_a_slab_is_refused_once_the_others_are_written(measured):
    heard = []
    with pytest.raises(BadInput, match=r"^mtl_deformation: a slab cuts structures$"):
        heard.extend(realism.write(plan.study(["study=tiny", "simulator=mtl_deformation,mtl_atrophy"])[0]))
    assert [name for name, _ in measured] == ["Spreading"]
