"""Interventions re-render the same subject: what belongs to the head moves, what belongs to the scanner stays."""

import numpy as np
import pytest
import torch
from renders import loss
from scipy.ndimage import map_coordinates

from bench.contracts import BadInput
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.clinical import Clinical
from simulators.draw.subject import position
from simulators.intervene.scan import REPOSITION_MM, WARP, intervene
from simulators.nuisance import Scanner
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal
from simulators.pathology.texture import Texture
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.space.correspondence import corresponding, places
from simulators.streams import generator

SILENT = Scanner(bias=0.0, gain=0.0, noise=0.0)
PATHOLOGIES = {
    "atrophy": Atrophy(("left insula",)),
    "focal": Focal(),
    "several": WhiteMatterLesions(),
    "texture": Texture(("left frontal white matter", "right frontal white matter"), depth=0.1),
}
DO = ({"shift": (3.0, -2.0, 5.0)}, {"warp": 0}, {"rescan": 0}, {"warp": 1, "shift": (1, 0, 0), "rescan": 2})


@pytest.fixture(scope="module", params=PATHOLOGIES)
def silent(request):
    return Brain(PATHOLOGIES[request.param], nuisance=SILENT, amplitude=0.5)


def _image(brain, do):
    return brain.sample([1], "train", do).images[0, 0].numpy()


def test_shift_by_whole_voxels_shifts_the_array(silent):
    """Away from the edges of the grid, where tissue comes in that was never seen.

    To 2e-4, as `corresponding` finds the voxel's place within two thousandths, beside wide ventricles too.
    """
    voxel = silent.anatomy.resolution_mm
    do = {"shift": (voxel, -2 * voxel, 0.0)}
    scene = silent.scene(1, "train")
    new = intervene(silent.parts, scene, do)
    exact = np.indices(silent.shape) - np.reshape((1, -2, 0), (3, 1, 1, 1))
    found = places(position(silent.parts, new), position(silent.parts, scene))
    away = np.s_[1:, :-2, 1:-1]
    off, inside = np.abs(found - exact).max(0)[away], new.warped.brain[away]
    assert off[inside].max() < 2e-3
    error = np.abs(_image(silent, do) - np.roll(_image(silent, {}), (1, -2), (0, 1)))[away]
    assert error[inside].max() < 2e-4
    assert np.abs(_image(silent, do) - _image(silent, {})).max() > 0.2


def test_a_place_is_found_between_heads_of_narrow_and_of_wide_ventricles():
    """Fixed-point steps of the difference would not come nearer where a narrow ventricle is to become a wide one."""
    anatomy = MNI152(7.0)
    still = anatomy.draw(generator("test", 0, "anatomy"))
    narrow, wide = (anatomy.position({**still, "ventricles": np.full(2, w, np.float32)}) for w in (-1.0, 1.0))
    inside = anatomy.template.labels.ravel() > 0
    every = np.indices(anatomy.grid).reshape(3, -1).T[inside]
    for own, other in ((narrow, wide), (wide, narrow)):
        found = corresponding(every, own, other)
        shown = np.stack([map_coordinates(other[..., k], found.T, order=1, mode="nearest") for k in range(3)], -1)
        missed = np.abs(shown - own.reshape(-1, 3)[inside]).max(1)
        assert (missed < 0.02).mean() > 0.995 and np.quantile(missed, 0.99) < 0.01


def test_no_shift_is_the_same_bytes(silent):
    assert np.array_equal(_image(silent, {"shift": (0, 0, 0)}), _image(silent, {}))


def test_bias_and_noise_stay_with_the_scanner():
    brain = Brain(Focal(), amplitude=0.3)
    scene = brain.scene(1, "train")
    moved = intervene(brain.parts, scene, {"shift": (6, 0, 0)})
    assert moved.scan is scene.scan and np.array_equal(moved.local.noise, scene.local.noise)
    assert not np.array_equal(moved.local.folding, scene.local.folding)


@pytest.mark.parametrize("do", DO)
def test_lesions_stay_in_their_tissue(do):
    """A lesion's centre has the same template position before and after, within a hundredth of a millimetre."""
    brain = Brain(WhiteMatterLesions(), amplitude=0.5)
    for subject in (1, 3, 5):
        scene = brain.scene(subject, "train")
        new = intervene(brain.parts, scene, do)
        own, other = scene.pathology[0]["centres"], new.pathology[0]["centres"]
        back = corresponding(other, position(brain.parts, new), position(brain.parts, scene))
        np.testing.assert_allclose(back, own, atol=2e-3)
        assert np.abs(other - own).max() > 0.01
        assert scene.pathology[0]["volumes_ml"] is new.pathology[0]["volumes_ml"]


def test_warp_keeps_the_tissue_of_every_region(silent):
    """Large regions keep their shares of grey, white and fluid within a few percent, while places move by mm.

    Voxels that are mostly brain are compared: of thin gyri at its surface, how much of a border voxel is beyond it
    depends on where the grid falls. Places move by the mean size of a normal field of the SD that is asked for.
    """
    scene = silent.scene(1, "train")
    new = intervene(silent.parts, scene, {"warp": 0})
    large = [r for r in range(1, len(silent.region_names) + 1) if (scene.warped.labels == r).sum() > 60]
    assert len(large) > 10
    for region in large:
        inside = [(s.warped.maps[:3], (s.warped.labels == region) & s.warped.brain) for s in (scene, new)]
        own, other = (maps[:, where].mean(1) for maps, where in inside)
        np.testing.assert_allclose(own, other, atol=0.08)
    moved = np.abs(position(silent.parts, new) - position(silent.parts, scene)).mean()
    assert moved == pytest.approx(WARP * silent.anatomy.shape.field_mm * np.sqrt(2 / np.pi), rel=0.2)


def test_warps_are_numbered_and_repeat(silent):
    first, again, other = (_image(silent, {"warp": k}) for k in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.full
def test_rescan_changes_the_scan_and_the_position_only():
    brain = Brain(Focal(), amplitude=0.3, nuisance=Clinical(blur_mm=2.0))
    own, new = brain.record(1, "train"), brain.record(1, "train", {"rescan": 0})
    # regions and lesions lie elsewhere in the image, because the head does
    changed = {n for n in own if own[n] != new[n] and not n.startswith(("volume", "lesion_"))}
    scan = {
        "bias_x",
        "bias_y",
        "bias_z",
        *(f"bias_{term}" for term in range(4, 10)),
        "gain",
        "gamma",
        "blur_mm",
        "ghost",
        "ghost_at",
        "moved_x",
        "moved_y",
        "moved_z",
    }
    assert changed == scan - {"gamma", "ghost"}
    scene = brain.scene(1, "train")
    shifts = [intervene(brain.parts, scene, {"rescan": k}).moved for k in range(60)]
    assert np.std(shifts) == pytest.approx(REPOSITION_MM, rel=0.15)


def test_values_of_a_scan_are_set_and_all_else_keeps_its_draw():
    brain = Brain(Focal(), amplitude=0.3)
    own, set_to = brain.record(1, "train"), brain.record(1, "train", {"scan": {"blur_mm": 6, "gain": 0.2}})
    assert {n: v for n, v in set_to.items() if v != own[n]} == {"blur_mm": 6.0, "gain": 0.2}
    gained, plain = (_image(Brain(Focal(), amplitude=0.3, nuisance=SILENT), {"scan": {"gain": g}}) for g in (0.2, 0))
    np.testing.assert_allclose(gained, np.exp(0.2) * plain, rtol=1e-5)


@pytest.mark.parametrize("do", DO)
def test_twins_under_one_intervention_differ_only_where_pathology_acts(brain, do):
    own, twin = (brain.sample([1], "train", do | state).images for state in ({}, {"pathology": "off"}))
    scene = intervene(brain.parts, brain.scene(1, "train"), do)
    lost = torch.from_numpy(loss(brain, scene, 1.0))[None, None]
    assert 0 < (lost != 0).float().mean() < 0.3
    assert torch.equal(own[lost == 0], twin[lost == 0])
    assert (own != twin).any()


def test_interventions_leave_the_subject_that_is_kept_in_memory_alone(brain):
    before = brain.sample([1], "train").images
    for do in DO:
        brain.sample([1], "train", do)
    assert torch.equal(before, brain.sample([1], "train").images)


def test_strength_grades_a_patient_from_twin_to_own(silent):
    steps = [_image(silent, {"strength": a}) for a in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert np.array_equal(steps[0], _image(silent, {"pathology": "off"}))
    assert np.array_equal(steps[-1], _image(silent, {}))
    sizes = [np.abs(step - steps[0]).sum() for step in steps]
    assert (np.diff(sizes) > 0).all()
    rises = np.diff(np.stack(steps), axis=0) * np.sign(steps[-1] - steps[0])
    assert rises.min() > -1e-6


@pytest.mark.parametrize(
    ("do", "says"),
    [
        ({"shift": 3}, "do.shift=3"),
        ({"shift": (1, 2)}, r"do.shift=\[1, 2\]"),
        ({"shift": "left"}, "do.shift='left'"),
        ({"shift": (0, float("nan"), 0)}, "do.shift"),
        ({"shift": (0, 0, 500)}, "from -50 to 50"),
        ({"warp": -1}, "do.warp=-1"),
        ({"warp": True}, "do.warp=True"),
        ({"rescan": 1.5}, "do.rescan=1.5"),
        ({"scan": 3}, "do.scan=3"),
        ({"scan": {"blur": 3}}, "did you mean 'blur_mm'"),
        ({"scan": {"noise": -1}}, "do.scan.noise=-1"),
    ],
)
def test_impossible_intervention_is_one_sentence(do, says):
    with pytest.raises(BadInput, match=says) as error:
        Brain(Focal(), amplitude=0.3).sample([1], "train", do)
    assert "\n" not in str(error.value)
