"""Groups of simulators: the family of what makes a patient, and whether its place moves."""

from pathlib import Path

import pytest
from composed import node

from bench.config.build import build
from bench.contracts.validity import Validity
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.diffuse import Diffuse
from simulators.pathology.focal import Focal
from simulators.pathology.one_of import OneOf
from simulators.pathology.several import Several
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.task.patterns import Patterns
from simulators.task.subtypes import Subtypes
from simulators.truths.grouping import commonest

CONF = Path(__file__).parents[2] / "conf" / "simulator"
FAMILIES = ("atrophy", "hypometabolism", "deformation", "thinning", "texture", "white-matter lesions", "focal lesions")
LEFT, RIGHT, OTHER = ("left hippocampus",), ("right hippocampus",), ("left insula", "right insula")
DISTRACTOR = Patterns((((0, 0), (0, 1)), ((1, 0), (1, 1))))


def one_of(count):
    """One of so many places."""
    regions = [(name,) for name in MNI152(7.0).region_names if "cortex" in name and "entorhinal" not in name][:count]
    patterns = tuple(tuple(int(part == place) for part in range(count)) for place in range(count))
    return Brain(OneOf(Atrophy(regions[0]), tuple(regions[1:])), task=Patterns((((0,) * count,), patterns)))


@pytest.mark.parametrize(
    ("brain", "share"),
    [
        (Brain(Atrophy(LEFT)), 1),
        (Brain(Atrophy(LEFT + RIGHT, side="random")), 1 / 2),
        (Brain(Diffuse()), 1),
        (Brain(Focal(regions=OTHER, fixed=True)), 1),
        (one_of(3), 1 / 3),
        (one_of(6), 1 / 6),
        (Brain(Several((Atrophy(LEFT), Focal()), (None, 0.5)), task=DISTRACTOR), 1),
        (
            Brain(
                Several((Atrophy(LEFT), Atrophy(OTHER)), (None, None)),
                task=Subtypes(((1, 0), (0, 1), (0, 0)), (80, 15, 5)),
                separability=0.9,
            ),
            0.8,
        ),
    ],
)
def test_the_commonest_place_is_that_of_the_law(brain, share):
    assert commonest(brain.parts) == pytest.approx(share, abs=0.01)
    assert brain.place == ("moving" if share <= 1 / 6 else "fixed")


@pytest.mark.parametrize("pathology", [Focal(), WhiteMatterLesions()])
def test_a_lesion_anywhere_moves(pathology):
    brain = Brain(pathology)
    assert brain.place == "moving" and commonest(brain.parts) < 0.02


def test_a_distractor_is_of_no_family():
    assert Brain(Several((Atrophy(LEFT), Focal()), (None, 0.5)), task=DISTRACTOR).family == "atrophy"
    assert Brain(Several((Atrophy(LEFT), Focal()), (None, None))).family == "atrophy and focal lesions"


def test_every_family_has_a_shipped_simulator_whose_place_moves_and_none_is_that_of_dev():
    shipped = {path.stem: build(node(f"simulator/{path.stem}")) for path in CONF.glob("*.yaml")}
    moving = {name: brain for name, brain in shipped.items() if brain.place == "moving"}
    assert {brain.family for brain in moving.values()} >= set(FAMILIES)
    assert all(brain.family and brain.place for brain in shipped.values())
    dev = {region for part in shipped["mtl_atrophy"].parts.pathologies for region in part.regions}
    for name, brain in moving.items():
        assert not dev & {region for part in brain.parts.pathologies for region in part.regions}, name


def test_what_a_map_says_of_one_subject_alone_is_asked_where_places_move():
    share = build(node("metric/individual_share")["individual_share"])
    assert "the place of disease is fixed" in Validity.of(Brain(Atrophy(LEFT))).reason(share.tags, "counterfactual")
    assert Validity.of(Brain(Focal())).reason(share.tags, "counterfactual") == ""
    gain = build(node("metric/individual_gain")["individual_gain"])
    assert Validity.of(Brain(Atrophy(LEFT))).reason(gain.tags, "counterfactual") == ""
