"""Every simulator and network in conf/ passes every check; every broken one fails its own and no other."""

from dataclasses import replace
from pathlib import Path

import pytest
from broken_networks import BROKEN as BROKEN_NETWORKS
from broken_simulators import BROKEN as BROKEN_SIMULATORS
from broken_simulators import HalfShared, PerImageScale
from composed import node

from bench.checks import networks, simulators
from bench.config.architecture import architecture
from bench.config.build import build
from bench.verify.audits import Audits
from simulators.brain import Brain
from simulators.clinical import Clinical
from simulators.pathology.focal import Focal

CONF = Path(__file__).parents[2] / "conf"
#: simulators whose association is looked at at every run
ASSOCIATED = ("correlated_regions",)
#: simulators that meet every class of simulators between them, of which every run asks all; the full matrix asks each
MET = (
    "and_hemispheres",
    "atrophy_moving",
    "brain_age",
    "confounded_age",
    "correlated_regions",
    "cortical_thinning",
    "distractor",
    "hypometabolism",
    "lesion_load",
    "mtl_atrophy",
    "mtl_atrophy_longitudinal",
    "mtl_deformation",
    "residualised",
    "shortcut",
    "shortcut_contour",
    "stroke",
    "subtypes",
    "texture",
    "white_matter_lesions",
)


#: those of them that take as long as several others; every run asks their parts in tests of their own
DEAR = ("cortical_thinning", "mtl_deformation")


def _names(group):
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def _parts(tree):
    """Names of the classes that a configuration is made of."""
    below = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    named = {tree["_target_"]} if isinstance(tree, dict) and "_target_" in tree else set()
    return named.union(*map(_parts, below))


def _failed(checks, plugin):
    failed = []
    for check in checks:
        try:
            check(plugin)
        except AssertionError:
            failed.append(check.__name__)
    return failed


@pytest.mark.full
def test_every_class_is_met():
    of = {name: _parts(node(f"simulator/{name}")) for name in _names("simulator")}
    assert set().union(*of.values()) == set().union(*(of[name] for name in MET))


@pytest.mark.parametrize(
    "name", [n if n in MET and n not in DEAR else pytest.param(n, marks=pytest.mark.full) for n in _names("simulator")]
)
def test_simulator_conforms(name):
    simulator = build(node(f"simulator/{name}")).with_amplitude(0.3)
    for check in simulators.applicable(simulator):
        check(simulator)


@pytest.mark.parametrize(
    "name", [n if n in ASSOCIATED else pytest.param(n, marks=pytest.mark.full) for n in _names("simulator")]
)
def test_association_is_zero_where_a_simulator_never_acts(name):
    simulator = build(node(f"simulator/{name}")).with_amplitude(0.3)
    Audits(simulator, name, "key", 0.95, keep=lambda row: None).check_association()


@pytest.mark.parametrize("check", BROKEN_SIMULATORS)
def test_broken_simulator_fails_its_check(check):
    assert _failed([getattr(simulators, check)], BROKEN_SIMULATORS[check](Focal(), amplitude=0.3)) == [check]


@pytest.mark.full
@pytest.mark.parametrize("check", BROKEN_SIMULATORS)
def test_broken_simulator_fails_no_other_check(check):
    broken = BROKEN_SIMULATORS[check](Focal(), amplitude=0.3)
    assert _failed(simulators.applicable(broken), broken) == [check]


@pytest.mark.parametrize("effects", [{"blur_mm": 15.0}, {"ghost": 0.06}])
def test_a_scanner_that_mixes_voxels_passes_all_that_can_be_asked_of_it(effects):
    brain = Brain(Focal(), amplitude=0.3, nuisance=Clinical(**effects))
    checks = simulators.applicable(brain)
    assert len(simulators.applicable(replace(brain, nuisance=Clinical()))) == len(checks) + 3
    assert _failed(checks, brain) == []
    assert "mixes voxels" in Audits(brain, "mine", "key", 0.95).check_healthy_region()
    # what is left out would fail
    assert _failed([simulators.check_redraws], brain) == ["check_redraws"]


def test_streams_that_blend_subjects_fail_the_check_of_streams_alone():
    broken = HalfShared(Focal(), amplitude=0.3)
    assert _failed(simulators.applicable(broken), broken) == ["check_streams"]


@pytest.mark.parametrize("shared", ["calibration", "verification", "population", "decorrelated", "reversed"])
def test_a_stream_that_repeats_training_subjects_is_found(shared):
    class Repeats(Brain):
        def sample(self, indices, stream, do=None):
            return super().sample(indices, "train" if stream == shared else stream, do)

    with pytest.raises(AssertionError, match=f"train and {shared} share a subject"):
        simulators.check_streams(Repeats(Focal(), amplitude=0.3))


def test_images_normalised_one_by_one_fail_what_asks_that_changes_stay_where_they_are_made():
    """Not what asks for signs: within its sharp end a lesion changes an image far more than the scale does."""
    broken = PerImageScale(Focal(), amplitude=0.3)
    assert _failed(simulators.applicable(broken), broken) == ["check_support", "check_redraws"]


@pytest.mark.parametrize("name", _names("network"))
def test_network_conforms(name):
    described = node(f"network/{name}")
    for check in networks.applicable(None):
        check(lambda s, k: architecture(described, networks.ProbeTask(s, k), ())())


@pytest.mark.parametrize("check", BROKEN_NETWORKS)
def test_broken_network_fails_its_check_and_no_other(check):
    broken = BROKEN_NETWORKS[check]
    assert _failed(networks.applicable(broken), broken) == [check]


def test_every_check_has_its_broken_plugin():
    assert {c.__name__ for c in simulators.applicable(Brain(Focal(), amplitude=0.3))} == set(BROKEN_SIMULATORS)
    assert {c.__name__ for c in networks.applicable(None)} == set(BROKEN_NETWORKS)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"months": 0.0, "age": 60.0}, "give visits in the order of age"),
        ({"diagnosis": 1}, "has diagnosis 1|is not the target of its image"),
        ({"of": 90}, "fewer than two persons have all their visits"),
    ],
)
def test_visits_that_are_no_courses_fail_the_check_of_visits(wrong, says, monkeypatch):
    brain = build(node("simulator/mtl_atrophy_longitudinal")).with_amplitude(0.3)
    right = brain.visit
    monkeypatch.setattr(Brain, "visit", lambda self, subject, stream: right(subject, stream)._replace(**wrong))
    with pytest.raises(AssertionError, match=says):
        simulators.check_visits(brain)
