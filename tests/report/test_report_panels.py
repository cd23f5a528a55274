import dataclasses

import numpy as np
import pytest
import synthetic

from bench.report.load import panels
from bench.report.load.results import BadTables

AFFINE = np.array([[6.0, 0, 0, -12], [0, 6, 0, -18], [0, 0, 6, -30], [0, 0, 0, 1]])


def volumes(shape=(5, 7, 6), **changes):
    rng = np.random.default_rng(0)
    two = (2, *shape)
    truth = np.zeros(two)
    truth[0, 1, 3, 4] = -2.0
    made = panels.Volumes(
        np.array([4, 9]), np.array([1, 0]), rng.random(two), rng.random(two), truth,
        {"net": {"a": rng.normal(size=two), "zero": np.zeros(two)}}, AFFINE,
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def test_what_is_written_is_read_back_within_the_quantisation(tmp_path):
    given = volumes(plane="axial")
    panels.write(tmp_path / "panels.npz", {"focal": given})
    scene = panels.read(tmp_path / "panels.npz")["focal"]
    assert (scene.plane, scene.slices.tolist(), scene.subjects.tolist()) == ("axial", [4, 3], [4, 9])
    scale = scene.scales["net"]["a"]
    exact = panels.cut(given.maps["net"]["a"], "axial", scene.slices)
    exact = np.clip(exact, -scale[:, None, None], scale[:, None, None])
    assert np.abs(scene.maps["net"]["a"] - exact).max() <= scale.max() / 127 / 2 + 1e-6
    assert not scene.maps["net"]["zero"].any()
    assert scene.truth.min() == pytest.approx(-2.0)


@pytest.mark.parametrize(
    ("plane", "voxel", "corner"),
    [
        ("axial", (-1, -1, 2), (0, -1)),  # right and anterior: top right
        ("coronal", (-1, 2, -1), (0, -1)),  # right and superior: top right
        ("sagittal", (2, -1, -1), (0, -1)),  # anterior and superior: top right
    ],
)
def test_pictures_stand_upright(plane, voxel, corner):
    volume = np.zeros((1, 5, 7, 6))
    volume[(0, *voxel)] = 1
    picture = panels.cut(volume, plane, np.array([2]))[0]
    assert picture[corner] == 1 and picture.sum() == 1


def test_the_slice_holds_most_of_the_truth_and_the_plane_shows_it():
    truth = np.zeros((1, 6, 6, 6))
    truth[0, 1:4, 4, 1:4] = 1  # flat along y: coronal shows all of it
    assert panels.best_plane(truth) == "coronal"
    assert panels.best_slices(truth, "coronal").tolist() == [4]
    assert panels.best_slices(np.zeros_like(truth), "axial").tolist() == [3]


@pytest.mark.parametrize(
    ("plane", "places"),
    [
        ("axial", ["z = −6 mm", "z = −12 mm"]),
        ("coronal", ["y = 0 mm", "y = 0 mm"]),
        ("sagittal", ["x = −6 mm", "x = 0 mm"]),
    ],
)
def test_slices_tell_their_coordinates(tmp_path, plane, places):
    panels.write(tmp_path / "panels.npz", {"focal": volumes(plane=plane)})
    scene = panels.read(tmp_path / "panels.npz")["focal"]
    assert [scene.where(p) for p in (0, 1)] == places
    assert scene.spacing == 6.0 and [scene.who(p) for p in (0, 1)] == ["patient 4", "control 9"]


def test_slices_of_panels_without_coordinates_tell_their_numbers(tmp_path):
    panels.write(tmp_path / "panels.npz", {"focal": volumes(plane="axial")})
    with np.load(tmp_path / "panels.npz", allow_pickle=False) as stored:
        older = {key: stored[key] for key in stored.files if not key.endswith("/position")}
    np.savez_compressed(tmp_path / "older.npz", allow_pickle=False, **older)
    scene = panels.read(tmp_path / "older.npz")["focal"]
    assert np.isnan(scene.positions).all() and scene.where(0) == "axial, slice 4"


def test_same_arrays_same_bytes_and_no_pickle(tmp_path):
    for name in ("a", "b"):
        panels.write(tmp_path / f"{name}.npz", {"focal": volumes()})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as stored:
        assert all(stored[key].dtype != object for key in stored.files)


def test_names_with_a_slash_are_refused(tmp_path):
    with pytest.raises(BadTables, match="slash"):
        panels.write(tmp_path / "panels.npz", {"a/b": volumes()})


def test_cropping_keeps_the_brains(study_folder):
    scene = panels.read(study_folder / "panels.npz")["focal"]
    small = panels.cropped_pictures(scene)
    assert small.brain.size < scene.brain.size
    assert small.brain.sum() == scene.brain.sum()
    assert set(small.maps["gap_cnn"]) == set(synthetic.METHODS) - {"broken"}
