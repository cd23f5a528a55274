"""Single regions are switched and redrawn by re-rendering: all of them make the twin, one changes itself alone."""

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt

from bench.contracts import BadInput, Unsupported
from bench.contracts.plugins import ELSEWHERE
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.clinical import Clinical
from simulators.intervene.redraw import in_place_of
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.deformation import Deformation
from simulators.pathology.focal import Focal
from simulators.pathology.hypometabolism import Hypometabolism
from simulators.pathology.marker import Marker
from simulators.pathology.several import Several
from simulators.pathology.texture import Texture
from simulators.pathology.ventricles import Ventricles
from simulators.render.signal import moving
from simulators.task.graded import Graded
from simulators.task.shortcut import Shortcut
from simulators.task.single import SingleCause

SIDES = ("left hippocampus", "right hippocampus")
BRAINS = {
    "atrophy": Brain(Atrophy(SIDES), amplitude=0.3),
    "lesion": Brain(Focal(), amplitude=0.3),
    "uptake": Brain(Hypometabolism(("left insula", "right insula")), amplitude=0.3),
    "grain": Brain(Texture(("left frontal white matter",)), amplitude=0.3),
    "blurred": Brain(Atrophy(SIDES), amplitude=0.3, nuisance=Clinical(blur_mm=5.0, ghost=0.06)),
    "deformation": Brain(Deformation(SIDES), MNI152(4.0), amplitude=0.4),
    "of a random side": Brain(Deformation(SIDES, side="random"), MNI152(4.0), amplitude=0.4),
    "both kinds": Brain(Several((Ventricles(), Atrophy(SIDES)), (None, None)), task=Graded(), amplitude=0.2),
    "marked": Brain(
        Several((Atrophy(SIDES), Marker("right occipital white matter")), (None, 0.3)),
        task=Shortcut(SingleCause()),
        amplitude=0.3,
    ),
}


@pytest.fixture(params=BRAINS)
def brain(request):
    return BRAINS[request.param]


def _image(brain, do, subject=1):
    return brain.sample([subject], "evaluation", do).images[0, 0].numpy()


def _everywhere(brain, to):
    return {"regions": dict.fromkeys((*brain.region_names, ELSEWHERE), to)}


@pytest.mark.parametrize("subject", [1, 2])
@pytest.mark.parametrize("to", ["off", "on", "swap", 0.5], ids=str)
def test_a_state_of_every_region_is_that_state_of_the_subject(brain, to, subject):
    whole = {"strength": to} if to == 0.5 else {"pathology": to}
    assert np.array_equal(_image(brain, _everywhere(brain, to), subject), _image(brain, whole, subject))


def test_off_where_a_pathology_of_sharp_edges_acts_is_the_twin_without_the_disease():
    brain = Brain(Atrophy(SIDES, edge_mm=0.0), amplitude=0.3)
    off, on = ({"regions": dict.fromkeys(SIDES, to)} for to in ("off", "on"))
    twin = brain.cohort([1], "evaluation").twins[0, 0].numpy()
    assert np.array_equal(_image(brain, off), twin)
    assert np.array_equal(_image(brain, {"pathology": "off"} | on), _image(brain, {}))
    assert np.array_equal(_image(brain, on), _image(brain, {}))


def test_one_region_off_changes_that_region_alone():
    brain = BRAINS["atrophy"]
    labels = brain.scene(1, "evaluation").warped.labels
    inside = labels == brain.region_names.index(SIDES[0]) + 1
    found, whole, off = (_image(brain, do) for do in ({"regions": {SIDES[0]: "off"}}, {}, {"pathology": "off"}))
    assert np.array_equal(found[~inside], whole[~inside])
    assert np.array_equal(found[inside], off[inside]) and (found[inside] != whole[inside]).any()


def test_one_side_of_a_deformation_off_is_the_deformation_of_the_other_side():
    """Which a pasted image is not: what the region moved around itself lies outside it."""
    brain = BRAINS["deformation"]
    alone = Brain(Deformation(SIDES[1:]), MNI152(4.0), amplitude=0.4)
    off = _image(brain, {"regions": {SIDES[0]: "off"}})
    np.testing.assert_array_equal(off, _image(alone, {}))
    whole, well = _image(brain, {}), _image(brain, {"pathology": "off"})
    inside = brain.scene(1, "evaluation").warped.labels == brain.region_names.index(SIDES[0]) + 1
    change, pasted = whole - off, np.where(inside, whole - well, 0)
    assert np.abs(change - pasted).sum() > 0.5 * np.abs(change).sum()


def test_a_region_in_between_lies_in_between():
    brain = BRAINS["deformation"]
    steps = [_image(brain, {"regions": {SIDES[0]: to}}) for to in (0, 0.25, 0.5, 0.75, 1)]
    apart = [np.abs(step - steps[0]).sum() for step in steps]
    assert apart == sorted(apart) and apart[0] == 0 < apart[1]
    assert np.array_equal(steps[-1], _image(brain, {}))


@pytest.mark.parametrize("name", ["atrophy", "blurred", "deformation", "both kinds"])
def test_a_redrawn_region_is_the_row_of_redraws(name):
    brain = BRAINS[name]
    rows = brain.redraws(1, "evaluation", 2).unflatten(0, (-1, 2))[:, :, 0].numpy()
    for region in ("left hippocampus", "left lateral ventricle", "right precuneus"):
        for draw in (0, 1):
            found = _image(brain, {"redraw": {region: draw}})
            assert np.array_equal(found, rows[brain.region_names.index(region), draw])


def test_the_redraw_of_a_region_that_moves_leaves_the_other_side_where_it_is():
    """Its displacement is redrawn, and moves what lies around it; that of the same part's other side is kept."""
    brain = BRAINS["deformation"]
    scene = brain.scene(1, "evaluation")
    labels = scene.warped.labels
    left, right = (labels == brain.region_names.index(side) + 1 for side in SIDES)
    whole = _image(brain, {})
    changes = [np.abs(_image(brain, {"redraw": {SIDES[0]: draw}}) - whole) for draw in range(4)]
    assert all((change[left] > 0).any() for change in changes)
    assert not any(change[right].any() for change in changes)
    away = distance_transform_edt(~left) * 4.0
    shells = np.stack(
        [[change[(away > low) & (away <= low + 4)].max() for low in range(0, 32, 4)] for change in changes]
    )
    assert (shells[:, 0] > 0.01).any(), "what lies around is carried along"
    # anatomy moves up to a reach of 12 mm, on edges of a voxel, and fades towards it: nothing is cut
    assert (shells[:, 2] < 0.5 * shells[:, 0].max()).all() and not shells[:, 5:].any()


@pytest.mark.parametrize("name", ["deformation", "of a random side", "both kinds"])
def test_a_region_that_is_displaced_alike_stays_where_it_is(name):
    """In two equal states nothing is worked out anew: anatomy is the subject's own, to the bit."""
    brain = BRAINS[name]
    scene = brain.scene(1, "evaluation")
    own = moving(brain.parts, scene, brain.parts.strengths(1, "evaluation"))
    assert own
    for region in brain.parts.displaced:
        assert in_place_of(own, own, region) == own


def test_sides_are_redrawn_and_switched_apart():
    brain = BRAINS["deformation"]
    far = {"redraw": {SIDES[0]: 0}, "regions": {SIDES[1]: "off"}}
    both, one, other = (_image(brain, do) for do in (far, {"redraw": far["redraw"]}, {"regions": far["regions"]}))
    labels = brain.scene(1, "evaluation").warped.labels
    for side, alone in zip(SIDES, (one, other), strict=True):
        inside = labels == brain.region_names.index(side) + 1
        np.testing.assert_allclose(both[inside], alone[inside], atol=0.02)
        assert (both[inside] != _image(brain, {})[inside]).any()


def test_several_regions_are_redrawn_and_switched_at_once():
    brain = BRAINS["atrophy"]
    names = ("left insula", "right precuneus", SIDES[0])
    do = {"redraw": {names[0]: 0, names[1]: 1}, "regions": {names[2]: "off"}}
    singly = [{"redraw": {names[0]: 0}}, {"redraw": {names[1]: 1}}, {"regions": {names[2]: "off"}}]
    labels, expected = brain.scene(1, "evaluation").warped.labels, _image(brain, {}).copy()
    for name, each in zip(names, singly, strict=True):
        inside = labels == brain.region_names.index(name) + 1
        expected[inside] = _image(brain, each)[inside]
    assert np.array_equal(_image(brain, do), expected)


def test_a_marker_that_is_switched_by_name_stays_so_in_every_region():
    brain = BRAINS["marked"]
    do = {"marker": "off"}
    assert np.array_equal(_image(brain, do | _everywhere(brain, "on")), _image(brain, do | {"pathology": "on"}))


def test_regions_are_switched_in_the_scan_that_is_asked_for():
    brain, do = BRAINS["atrophy"], {"shift": (3.0, -2.0, 5.0), "rescan": 0}
    assert np.array_equal(_image(brain, do | _everywhere(brain, "off")), _image(brain, do | {"pathology": "off"}))


def test_switches_are_swaps(brain):
    sets = [(), (SIDES[0],), (*SIDES, ELSEWHERE), (*brain.region_names, ELSEWHERE)]
    cohort = brain.cohort([1], "evaluation")
    found = brain.switches(1, "evaluation", sets)
    for image, chosen in zip(found[:, 0].numpy(), sets, strict=True):
        assert np.array_equal(image, _image(brain, {"regions": dict.fromkeys(chosen, "swap")}))
    assert torch.equal(found[0], cohort.images[0]) and torch.equal(found[-1], cohort.twins[0])


@pytest.mark.parametrize(
    ("do", "says"),
    [
        ({"regions": {"left hipocampus": "off"}}, "did you mean 'left hippocampus'"),
        ({"regions": {"left hippocampus": "of"}}, "one of pathology"),
        ({"regions": {"left hippocampus": float("nan")}}, "of at least 0 and at most 1"),
        ({"regions": "left hippocampus"}, "values by region"),
        ({"redraw": 0}, "values by region"),
        ({"redraw": {"elsewhere": 0}}, "there is no region 'elsewhere'"),
        ({"redraw": {"left hippocampus": -1}}, "number of the draw"),
        ({"redraw": {"left hippocampus": 0}, "regions": {"left hippocampus": "off"}}, "in one of them"),
    ],
    ids=str,
)
def test_what_no_region_can_be_is_refused(do, says):
    with pytest.raises(BadInput, match=says):
        _image(BRAINS["deformation"], do)


class OnePiece(Deformation):
    """Moves all of its regions or none, as a pathology may whose author has not said how to move one."""

    confined = None


@pytest.mark.parametrize(
    "do",
    [
        {"redraw": {"left hippocampus": 0, "right hippocampus": 1}},
        {"redraw": {"left hippocampus": 0}, "regions": {"right hippocampus": "off"}},
    ],
    ids=str,
)
def test_what_moves_in_one_piece_has_one_draw(do):
    brain = Brain(OnePiece(SIDES), MNI152(4.0), amplitude=0.4)
    with pytest.raises(BadInput, match="one draw"):
        _image(brain, do)


def test_what_moves_in_one_piece_is_redrawn_whole():
    brain = Brain(OnePiece(SIDES), MNI152(4.0), amplitude=0.4)
    inside = brain.scene(1, "evaluation").warped.labels == brain.region_names.index(SIDES[1]) + 1
    changed = [_image(brain, {"redraw": {SIDES[0]: draw}})[inside] != _image(brain, {})[inside] for draw in range(4)]
    assert np.any(changed)


def test_a_pathology_that_moves_all_at_once_says_so():
    class Rigid:
        """Moves two regions, never one of them."""

        version, family, summary, observer, regions = "1", "none", "Two regions move.", Deformation.observer, SIDES

        def validate(self, region_names):
            pass

        def draw(self, rng, place):
            return {"severity": 1.0}

        def displacement(self, amount, place, latents):
            return np.zeros((*place.warped.labels.shape, 3), np.float32)

    brain = Brain(Rigid(), amplitude=0.3)
    assert np.array_equal(_image(brain, _everywhere(brain, "off")), _image(brain, {"pathology": "off"}))
    with pytest.raises(Unsupported, match="Rigid moves all of its regions at once"):
        _image(brain, {"regions": {SIDES[0]: "off"}})
