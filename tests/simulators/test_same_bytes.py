"""What is worked out near the pathology, or once, has the bytes of working everything out, every time."""

import numpy as np
import pytest
import torch
from composed import node
from fingerprint import same
from scipy.ndimage import distance_transform_edt
from scipy.sparse import csr_matrix, diags, vstack
from torch.nn.functional import grid_sample

from bench.config.build import build
from simulators.draw.subject import position
from simulators.pathology.flow import RESIDUAL, STEPS, balanced_sources, velocity
from simulators.pathology.nearest import FAR, bounding_box, squared_distance
from simulators.pathology.resizing import STAGE, _sized, _stage
from simulators.pathology.warping import volume
from simulators.render import signal

#: fingerprints of training images of subjects 0 to 3 at an amplitude of 0.25; every other one is a patient
GOLDEN = {
    "brain_age": [0.2065145, 0.3135974, 0.0185582, -0.01363052, 0.02181918, 0.04718844],
    "ventricular_enlargement": [0.2147379, 0.324196, -0.001340054, 0.01401095, 0.01216084, 0.05275896],
    "mtl_deformation": [0.5305998, 0.3221715, 0.3805813, -0.137836, -0.07131525, 0.2006401],
    "white_matter_lesions": [0.1569924, 0.2368129, -0.03514767, 0.07875402, -0.0788829, 0.06347317],
    "lesion_load": [0.1577274, 0.2376429, -0.0269161, 0.05591311, -0.0595677, 0.06873708],
}


def _made(name):
    return build(node(f"simulator/{name}")).with_amplitude(0.25)


@pytest.mark.parametrize("name", GOLDEN)
def test_subjects_of_shipped_simulators_stay_the_same(name):
    assert same(_made(name).sample(range(4), "train").images, GOLDEN[name], name)


def named():
    """Name and images of all that is golden here."""
    return ((name, _made(name).sample(range(4), "train").images) for name in GOLDEN)


def _differences(inside):
    """The incidence matrix of the faces along each axis, built face by face."""
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    for axis in range(3):
        turned = np.moveaxis(number, axis, 0)
        pairs = np.stack([turned[:-1].ravel(), turned[1:].ravel()], 1)
        pairs = pairs[(pairs >= 0).all(1)]
        values, rows = np.tile([-1.0, 1.0], len(pairs)), np.arange(0, 2 * len(pairs) + 1, 2)
        yield csr_matrix((values, pairs.ravel(), rows), shape=(len(pairs), inside.sum()))


def _velocity(source, inside):
    """Poisson's equation by products of incidence matrices."""
    faces = list(_differences(inside))
    matrix, right = vstack(faces).T @ vstack(faces), -source[inside]
    ease = diags(1 / np.maximum(matrix.diagonal(), 1))
    potential, rest = np.zeros_like(right), right.copy()
    direction = eased = ease @ rest
    product = (rest * eased).sum()
    for _ in range(STEPS):
        if (rest**2).sum() <= RESIDUAL**2 * (right**2).sum():
            break
        step = product / (direction * (matrix @ direction)).sum()
        potential, rest = potential + step * direction, rest - step * (matrix @ direction)
        eased = ease @ rest
        product, last = (rest * eased).sum(), product
        direction = eased + product / last * direction
    found = np.zeros((*inside.shape, 3), np.float32)
    for axis, face in enumerate(faces):
        found[inside, axis] = abs(face).T @ (face @ potential) / 2
    return found


@pytest.mark.parametrize(("shape", "filled"), [((7, 5, 6), 0.6), ((12, 14, 9), 0.95), ((9, 1, 1), 0.8), ((6, 8, 7), 1)])
def test_flow_is_that_of_the_incidence_matrices(shape, filled):
    rng = np.random.default_rng(0)
    inside = rng.uniform(size=shape) < filled
    source = balanced_sources(rng.random(shape), rng.random(shape) + 0.1, inside)
    assert velocity(source, inside).tobytes() == _velocity(source, inside).tobytes()


@pytest.mark.parametrize("most", [0, 1.7, 4.3, 30])
@pytest.mark.parametrize("corner", [(0, 0, 0), (4, 3, 5), (11, 6, 8)])
def test_distances_are_those_of_the_whole_grid(corner, most):
    places = np.zeros((14, 9, 11), bool)
    places[tuple(slice(c, c + 3) for c in corner)] = np.random.default_rng(1).uniform(size=(3, 3, 3)) > 0.4
    places[corner] = True
    found, expected = squared_distance(places, most), distance_transform_edt(~places)
    assert np.array_equal(found[expected <= most], np.rint(expected**2)[expected <= most])
    assert (found[expected > 3**0.5 * most] >= FAR).all() and (found[expected > most] > most**2).all()
    assert (squared_distance(np.zeros_like(places), most) == FAR).all()


def test_a_box_holds_its_mask_and_ends_there():
    mask = np.zeros((9, 8, 7), bool)
    mask[2, 5, 0] = mask[6, 3, 4] = True
    assert bounding_box(mask, 0) == (slice(2, 7), slice(3, 6), slice(0, 5))
    assert bounding_box(mask, 3)[1:] == (slice(0, 9), slice(0, 8)) and mask[bounding_box(mask, 0)].sum() == 2


def _everywhere(brain, scene, moves):
    """Displaced anatomy with every voxel of the grid interpolated anew."""
    where_from, index = position(brain.parts, scene), np.stack(np.indices(brain.shape), -1).astype(np.float32)
    size = np.array(brain.shape, np.float32)
    unit = 2 * (index + moves / np.float32(brain.anatomy.resolution_mm)) / (size - 1) - 1
    field = torch.from_numpy(np.ascontiguousarray(np.moveaxis(where_from, -1, 0)))[None]
    where = torch.from_numpy(np.ascontiguousarray(unit[..., ::-1]))[None]
    read = grid_sample(field, where, align_corners=True, padding_mode="border")[0].numpy()
    moved = np.where((moves != 0).any(-1, keepdims=True), np.moveaxis(read, 0, -1), where_from)
    return brain.anatomy.resample(moved, scene.shape)


@pytest.mark.parametrize("name", ["ventricular_enlargement", "mtl_deformation"])
@pytest.mark.parametrize("subject", [1, 2])
def test_displaced_anatomy_is_that_of_interpolating_every_voxel(name, subject):
    brain = _made(name)
    scene = brain.scene(subject, "test")
    (move,) = signal.moving(brain.parts, scene, (1.0,))
    moves = move.law.displacement(move.amount, scene.place, move.latents)
    found, expected = signal.displaced_anatomy(brain.parts, scene, [move]), _everywhere(brain, scene, moves)
    assert (moves != 0).any() and not np.array_equal(found.maps, scene.warped.maps)
    assert np.array_equal(found.maps, expected.maps) and np.array_equal(found.labels, expected.labels)


@pytest.mark.parametrize("stages", [0.5, 1.0, 2.4, -1.3])
def test_volumes_that_are_handed_on_are_those_of_measuring_again(stages):
    brain = _made("ventricular_enlargement")
    part, place = brain.pathology, brain.scene(1, "test").place
    first, done = _stage(part, place, part.regions, 0), _sized(part, place, part.regions, stages * STAGE)
    content = first.near.chosen * part.content(first.near)
    still = volume(content, np.zeros_like(done.moved))
    assert done.reached == float(np.log(volume(content, done.moved) / still))


def test_a_displacement_is_worked_out_once_for_all_renders_of_a_subject():
    brain = _made("mtl_deformation")
    scene = brain.scene(1, "test")
    redrawn = scene._replace(local=scene.local._replace(noise=-scene.local.noise))
    (first,), (again,) = (signal.moving(brain.parts, s, (1.0,)) for s in (scene, redrawn))
    moved = first.law.displacement(first.amount, scene.place, first.latents)
    assert again.law.displacement(again.amount, redrawn.place, again.latents) is moved
    other = brain.scene(3, "test").place
    assert first.law.displacement(first.amount, other, first.latents) is not moved


def test_what_a_pathology_can_do_is_asked_once():
    brain = _made("shortcut")
    assert brain.parts is brain.parts and brain.parts.pathologies is brain.parts.pathologies
    assert [bool(part.changing) for part in brain.parts.pathologies] == [False, True]
    assert brain.with_amplitude(0.5).parts is not brain.parts
