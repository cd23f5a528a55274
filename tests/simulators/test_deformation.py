"""Anatomy that moves: what is asked for is measured, the map is invertible, and nothing moves where nothing should."""

import numpy as np
import pytest
from renders import loss, render
from scipy.ndimage import binary_dilation

from bench.contracts import BadInput
from bench.contracts.validity import Validity
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.nuisance import Scanner
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.deformation import Deformation
from simulators.pathology.flow import balanced_sources, velocity
from simulators.pathology.focal import Focal
from simulators.pathology.several import Several
from simulators.pathology.ventricles import Ventricles
from simulators.pathology.warping import exponential, joined
from simulators.space.correspondence import corresponding
from simulators.space.place import Place
from simulators.task.graded import Graded
from simulators.task.patterns import Patterns
from simulators.task.single import SingleCause
from simulators.truths.off_target import near

MEDIAL_TEMPORAL = tuple(
    f"{side} {name}" for name in ("hippocampus", "amygdala", "parahippocampal gyrus") for side in ("left", "right")
)
HIPPOCAMPI = MEDIAL_TEMPORAL[:2]
SILENT = Scanner(bias=0.0, gain=0.0, noise=0.0)


def jacobian(field):
    """Determinant (D, H, W) of the derivative of p + field(p), field (D, H, W, 3) in voxels."""
    rows = [np.stack(np.gradient(field[..., axis]), -1) for axis in range(3)]
    return np.linalg.det(np.stack(rows, -2) + np.eye(3))


def place(brain, subject):
    scene = brain.scene(subject, "test")
    return scene, Place(scene.warped, brain.region_names, brain.anatomy.resolution_mm)


def displaced(brain, subject, amount):
    """Place, and the displacement in voxels."""
    scene, where = place(brain, subject)
    return where, brain.pathology.displacement(amount, where, scene.pathology[0]) / where.voxel_mm


def inverse(field):
    """Displacement of the inverse map, by fixed-point iteration."""
    grid = np.stack(np.indices(field.shape[:3]), -1).astype(np.float64)
    flat = grid.reshape(-1, 3)
    return (corresponding(flat, grid, grid + field) - flat).reshape(field.shape)


def test_flow_has_the_sources_that_were_asked_for_and_none_at_the_edge():
    """In one dimension the equation can be solved by hand: the velocity is the running sum of the sources."""
    inside = np.zeros((9, 1, 1), bool)
    inside[1:8] = True
    source = np.zeros(inside.shape)
    source[2], source[5] = 1.0, -1.0
    found = velocity(source, inside)
    np.testing.assert_allclose(found[:, 0, 0, 0], [0, 0, 0.5, 1, 1, 0.5, 0, 0, 0], atol=1e-3)
    assert np.abs(found[..., 1:]).max() == 0


def test_sources_balance_in_every_part_of_the_brain():
    inside = np.ones((7, 3, 3), bool)
    inside[3] = False
    rng = np.random.default_rng(0)
    found = balanced_sources(rng.random(inside.shape), rng.random(inside.shape), inside)
    assert abs(found[:3].sum()) < 1e-9 and abs(found[4:].sum()) < 1e-9 and np.abs(found[3]).max() == 0


def test_exponential_of_a_velocity_and_of_its_opposite_undo_each_other():
    axes = np.stack(np.meshgrid(*[np.linspace(-1, 1, 20)] * 3, indexing="ij"), -1)
    bump = np.exp(-4 * (axes**2).sum(-1, keepdims=True)) * (np.abs(axes).max(-1, keepdims=True) < 0.9)
    field = (bump * np.array([1.0, -0.5, 0.25])).astype(np.float32)
    there, back = exponential(field), exponential(-field)
    assert np.abs(joined(there, back)).max() < 0.05 * np.abs(there).max()


@pytest.mark.parametrize("regions", [MEDIAL_TEMPORAL, HIPPOCAMPI], ids=["medial temporal", "hippocampi"])
@pytest.mark.parametrize("loss", [0.1, 0.4])
def test_measured_loss_is_the_loss_that_was_asked(regions, loss):
    """Tissue volume in the regions after, from the Jacobian of the inverse map, over the volume before."""
    brain = Brain(Deformation(regions), MNI152(3.0), amplitude=0.3)
    for subject in range(3):
        where, field = displaced(brain, subject, loss)
        tissue = where.warped.maps[:2].sum(0) * where.within(regions) * (where.warped.maps[2] > 0.5)
        after = (tissue * jacobian(inverse(field))).sum()
        assert 1 - after / tissue.sum() == pytest.approx(loss, rel=0.05)


@pytest.mark.parametrize(
    ("pathology", "resolution", "amount"),
    [(Deformation(MEDIAL_TEMPORAL), 4.0, 0.4), (Ventricles(), 6.5, 0.8)],
    ids=["4 mm", "ventricles"],
)
def test_map_is_invertible_in_twenty_subjects_and_still_at_the_skull(pathology, resolution, amount):
    brain = Brain(pathology, MNI152(resolution), amplitude=0.3)
    for subject in range(20):
        where, field = displaced(brain, subject, amount)
        assert jacobian(field).min() > 0
        assert np.abs(field[where.warped.maps[2] <= 0.5]).max() == 0
        assert (field == 0).all(-1)[where.warped.maps[2] > 0.5].mean() > 0.3


def test_no_amount_moves_nothing_and_more_moves_more():
    brain = Brain(Deformation(HIPPOCAMPI), MNI152(4.0), amplitude=0.3)
    moved = [np.abs(displaced(brain, 1, amount)[1]).sum() for amount in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)]
    assert moved[0] == 0 and (np.diff(moved) > 0).all()


def test_image_changes_around_the_regions_and_their_tissue_gives_way_to_fluid():
    """Most of the change lies in the regions and within two voxels of them; far away there is none."""
    brain = Brain(Deformation(MEDIAL_TEMPORAL, severity_sd=0.0), MNI152(4.0), nuisance=SILENT, amplitude=0.3)
    scene, where = place(brain, 1)
    change = render(brain, scene, 1.0) - render(brain, scene, 0.0)
    lost, inside = loss(brain, scene, 1.0), where.within(MEDIAL_TEMPORAL)
    near = binary_dilation(inside, iterations=2)
    assert np.abs(change[near]).sum() > 0.7 * np.abs(change).sum()
    assert np.abs(change[lost == 0]).max() == 0
    assert lost[inside].sum() > 0.05 * where.warped.maps[:2].sum(0)[inside].sum()
    assert change[inside].sum() < 0


def test_redrawing_another_region_leaves_the_displacement_as_it_was():
    brain = Brain(Deformation(HIPPOCAMPI), MNI152(4.0), amplitude=0.3)
    labels = brain.scene(1, "evaluation").warped.labels
    image = brain.sample([1], "evaluation").images[0, 0]
    redrawn = brain.redraws(1, "evaluation", 1)[:, 0]
    assert brain.displaced == set(HIPPOCAMPI)
    for number, name in enumerate(brain.region_names, start=1):
        outside = (redrawn[number - 1] != image).numpy()[labels != number]
        assert outside.any() == (name in HIPPOCAMPI)


def test_edit_is_the_counterfactual_within_the_regions_and_their_interface_and_the_rest_is_off_target():
    """The slow twin: distances from the regions by hand, voxel by voxel."""
    brain = Brain(Deformation(HIPPOCAMPI, severity_sd=0.0), MNI152(4.0), nuisance=SILENT, amplitude=0.3)
    cohort = brain.cohort([0, 1])
    change, edit = (cohort.truths[name].volume[:, 0].numpy() for name in ("counterfactual", "edit"))
    numbers = [brain.region_names.index(name) + 1 for name in HIPPOCAMPI]
    for row, subject in enumerate((0, 1)):
        region = np.argwhere(np.isin(cohort.regions[row, 0].numpy(), numbers))
        moved = np.argwhere(change[row] != 0)
        steps = np.array([np.abs(region - voxel).sum(1).min() for voxel in moved])
        own = steps <= 2
        np.testing.assert_array_equal(edit[row][tuple(moved[own].T)], change[row][tuple(moved[own].T)])
        assert not edit[row][tuple(moved[~own].T)].any()
        outside = np.abs(change[row][tuple(moved[~own].T)]).sum() / np.abs(change[row]).sum()
        assert brain.record(subject, "evaluation")["off_target_change"] == pytest.approx(outside, rel=1e-4)
        assert 0.02 < outside < 0.4


def test_what_does_not_move_changes_nothing_off_target_and_has_no_edit_beside_the_counterfactual():
    still = Brain(Atrophy(HIPPOCAMPI), amplitude=0.3)
    assert "off_target_change" not in still.record(1, "test")
    assert "edit" in Validity.of(still).undefined and "edit" not in still.cohort([1]).truths
    assert "edit" not in Validity.of(Brain(Deformation(HIPPOCAMPI), MNI152(4.0), amplitude=0.3)).undefined


def test_a_lesion_beside_what_moves_keeps_all_of_its_edit():
    """A Jacobian's off-target change is none of a lesion's: what acts voxel by voxel is the edit wherever it acts."""
    parts = Several((Deformation(HIPPOCAMPI), Focal()), (None, 0.5))
    both = Brain(parts, MNI152(4.0), amplitude=0.1, nuisance=SILENT)
    scene = both.scene(1, "evaluation")
    lesion = np.abs(render(both, scene, (0.0, 1.0)) - render(both, scene, (0.0, 0.0))) > 0
    assert not (lesion & ~near(both.parts, scene, (0.0, 1.0), (0.0, 0.0))).any()


def test_a_value_has_no_edit_though_anatomy_moves():
    brain = Brain(Ventricles(), task=Graded(), amplitude=0.3)
    assert "edit" in Validity.of(brain).undefined and "edit" not in brain.cohort([1]).truths


def test_two_parts_that_move_the_anatomy_of_one_subject_are_refused():
    """Summed, neighbours fold and miss their volume by 8 %; one after the other they miss it by up to 46 %."""
    parts = (Ventricles(), Deformation(("left hippocampus",)))
    both = Several(parts, (None, None))
    for task in (SingleCause(), Patterns((((0, 0),), ((1, 0), (1, 1))))):
        with pytest.raises(BadInput, match="more than one part that moves anatomy in one subject"):
            Brain(both, MNI152(4.0), task=task)
    assert Brain(both, MNI152(4.0), task=Patterns((((0, 0),), ((1, 0), (0, 1))))).displaced
    assert Brain(Several((parts[0], Focal()), (None, 0.5)), MNI152(7.0), amplitude=0.2).displaced
