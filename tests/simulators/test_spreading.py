"""Atrophy that spreads takes its regions one after the other; what shrinks at 3 mm widens the horn beside it."""

import numpy as np
import pytest
from composed import node
from scipy.ndimage import distance_transform_edt

from bench.config.build import build
from bench.contracts import BadInput
from simulators.anatomy.parcellation import VENTRICLES
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.spreading import Spreading
from simulators.pathology.warping import displaced
from simulators.space.place import Place

FIRST, LATER = "left hippocampus", "left fusiform gyrus"
LATE = {"fusiform gyrus": 0.7}


def place_of(brain, subject=1):
    scene = brain.scene(subject, "evaluation")
    return scene, Place(scene.warped, brain.region_names, brain.anatomy.resolution_mm)


def sick(severity):
    return {"severity": severity, "side": "both"}


@pytest.mark.parametrize("severity", [0.5, 0.7, 0.9, 1.4])
def test_a_region_loses_what_severity_has_gained_since_its_onset(severity):
    law = Spreading((FIRST, LATER), edge_mm=0.0, onsets=LATE)
    _, place = place_of(Brain(law))
    lost = severity * law.extent(place, sick(severity))
    np.testing.assert_allclose(lost[place.within((FIRST,))], severity, rtol=1e-6)
    np.testing.assert_allclose(lost[place.within((LATER,))], max(0, severity - 0.7), rtol=1e-6)
    assert not lost[~place.within((FIRST, LATER))].any()


@pytest.mark.parametrize("onsets", [{}, {"hippocampus": 0.0}])
def test_without_onsets_it_is_regional_atrophy(onsets):
    law = Spreading((FIRST, LATER), onsets=onsets)
    _, place = place_of(Brain(law))
    assert np.array_equal(law.extent(place, sick(1.2)), Atrophy(law.regions).extent(place, sick(1.2)))


@pytest.mark.parametrize(
    ("onsets", "says"),
    [
        ({"fusiform girus": 0.7}, "did you mean 'fusiform gyrus'"),
        ({"left fusiform gyrus": 0.7}, "pathology.onsets: there is no structure 'left fusiform gyrus'"),
        ({"fusiform gyrus": 3}, "onsets"),
        ({"fusiform gyrus": 0.7, "hippocampus": 0.1}, "Spreading.onsets=.*one structure at least from the start"),
    ],
)
def test_an_order_that_cannot_be_is_refused(onsets, says):
    with pytest.raises(BadInput, match=says):
        Spreading((FIRST, LATER), onsets=onsets).validate((FIRST, LATER))


def test_medial_temporal_atrophy_starts_where_it_starts_in_people():
    """Hippocampus, entorhinal cortex and amygdala lose the same share, others less; most of the loss is theirs."""
    brain = build(node("simulator/mtl_atrophy")).with_amplitude(0.4)
    first = ("hippocampus", "entorhinal cortex", "amygdala")
    lost, had = {}, {}
    for subject in range(1, 17, 2):
        scene, place = place_of(brain, subject)
        planted = brain.cohort([subject]).truths["planted"].volume[0, 0].abs().numpy()
        for structure in (*first, "parahippocampal gyrus", "fusiform gyrus"):
            there = place.within((f"left {structure}", f"right {structure}"))
            lost[structure] = lost.get(structure, 0) + planted[there].sum()
            had[structure] = had.get(structure, 0) + scene.warped.maps[0][there].sum()
    share = {structure: lost[structure] / had[structure] for structure in lost}
    assert min(share[s] for s in first) > 1.3 * share["parahippocampal gyrus"] > 1.3 * 1.3 * share["fusiform gyrus"] > 0
    assert sum(lost[s] for s in first) > 0.5 * sum(lost.values())


def test_medial_temporal_deformation_widens_the_temporal_horn():
    """Within 9 mm of what shrinks, the ventricle grows by a tenth and more, and white matter keeps its volume."""
    brain = build(node("simulator/mtl_deformation")).with_amplitude(0.2)
    scene, place = place_of(brain)
    law = brain.pathology
    moved = law.displacement(0.2, place, scene.pathology[0]) / place.voxel_mm
    near = distance_transform_edt(~place.within(law.regions)) * place.voxel_mm < 9
    horn, white = place.within(VENTRICLES).astype(np.float32), np.where(scene.warped.brain, scene.warped.maps[1], 0)
    grown = {
        name: displaced(share, moved)[near].sum() / share[near].sum()
        for name, share in (("horn", horn), ("white", white))
    }
    assert grown["horn"] > 1.1 and grown["white"] == pytest.approx(1, abs=0.02)
