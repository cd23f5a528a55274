"""Real images as anatomies: what a scan says comes back, and unusable files are refused in one sentence."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from bench.contracts import BadInput
from simulators.anatomy.grid import Grid
from simulators.anatomy.nifti import onto
from simulators.anatomy.phantom import Phantom
from simulators.anatomy.scans import Scans
from simulators.anatomy.segment import brain, tissues
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.draw.streams import generator
from simulators.pathology.focal import Focal

MM = 6.0
CONTRAST = Contrast()


def image(mm=MM, contrast=CONTRAST):
    """A T1-weighted image of the phantom in arbitrary units, and its affine."""
    template = Phantom(resolution_mm=mm).template
    shares = template.maps * np.array([1, 1, 1, 0], np.float32)[:, None, None, None]
    signal = contrast.mix(shares, 0 * shares[0], contrast.means)
    return np.where(template.maps[2] > 0.5, 1000 * signal, 0).astype(np.float32), template.affine


def save(path, volume, affine, coded=True):
    nifti = nibabel.Nifti1Image(volume, affine if coded else None)
    nibabel.save(nifti, path)
    return path


@pytest.fixture
def folder(tmp_path):
    volume, affine = image()
    save(tmp_path / "a.nii.gz", volume, affine)
    # the same head stored from right to left, and brighter
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = len(volume) - 1
    save(tmp_path / "b.nii.gz", 3 * volume[::-1], affine @ flip)
    return tmp_path


def mixed(maps):
    return CONTRAST.mix(maps, 0 * maps[0], CONTRAST.means)


def test_mixing_gives_the_scan_back(folder):
    """The image mixed from a scan's maps is the scan on a scale where grey and white matter have the T1 means."""
    scan, (volume, _) = Scans(folder=str(folder), resolution_mm=MM).source(0), image()
    inside = scan.maps[2] > 0
    shown = mixed(scan.maps)
    slope, offset = np.polyfit(volume[inside], shown[inside], 1)
    np.testing.assert_allclose(shown[inside], slope * volume[inside] + offset, atol=1e-4)
    assert slope * 1000 == pytest.approx(1, rel=0.15)
    assert np.abs(shown[~inside]).max() < 1e-5


@pytest.mark.parametrize("alignment", ["world", "moments"])
def test_a_head_whose_scalp_touches_the_brain_is_refused(tmp_path, alignment):
    volume, affine = (part.copy() for part in image())
    volume = np.pad(volume, 4)
    affine[:3, 3] -= 4 * MM
    inside = volume > 0
    # nothing dark lies between the brain and its scalp
    volume[binary_dilation(inside, iterations=2) & ~inside] = 800
    noise = np.abs(10 * np.random.default_rng(0).standard_normal(volume.shape))
    save(tmp_path / "head.nii", (volume + noise).astype(np.float32), affine)
    says = r"head\.nii: its brain of \d\.\d litres is more than a brain .*strip its skull"
    with pytest.raises(BadInput, match=says) as error:
        _ = Scans(folder=str(tmp_path), resolution_mm=MM, alignment=alignment).template
    assert "\n" not in str(error.value)


def test_orientation_and_units_make_no_difference(folder):
    first, second = (Scans(folder=str(folder), resolution_mm=MM).source(k).maps for k in (0, 1))
    np.testing.assert_allclose(first, second, atol=1e-3)


def test_tissues_are_those_the_scan_was_made_of(tmp_path):
    """In a scan whose fluid is as dark as the segmentation's three Gaussians of one width ask for."""
    made_of, dark = Phantom(resolution_mm=MM), Contrast(gm=0.58, wm=0.86, csf=0.16)
    save(tmp_path / "a.nii.gz", *image(contrast=dark))
    scans = Scans(folder=str(tmp_path), resolution_mm=MM)
    scan, truth = scans.source(0), made_of.template
    inside = truth.maps[2] > 0.5
    for found, made in zip(scan.maps[:2], truth.maps[:2], strict=True):
        assert np.corrcoef(found[inside], made[inside])[0, 1] > 0.8
    found, made = (np.array(["", *a.region_names])[t.labels] for a, t in ((scans, scan), (made_of, truth)))
    assert (found == made)[inside].mean() > 0.75


def test_three_gaussians_are_found_again():
    rng = np.random.default_rng(0)
    kinds = rng.choice(3, size=(30, 30, 30), p=[0.2, 0.45, 0.35])
    volume = np.array([200.0, 500.0, 800.0])[kinds] + 60 * rng.standard_normal(kinds.shape)
    shares, means = tissues(volume.astype(np.float32), np.ones(kinds.shape, bool))
    np.testing.assert_allclose(means, [500, 800, 200], atol=10)
    assert (np.array([1, 2, 0])[shares.argmax(0)] == kinds).mean() > 0.97
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-5)


def test_the_brain_is_found_in_a_noisy_background_and_its_holes_are_filled():
    rng = np.random.default_rng(0)
    axes = np.arange(-20, 21)
    radius = np.linalg.norm(np.stack(np.meshgrid(axes, axes, axes, indexing="ij"), -1), axis=-1)
    ball = radius < 15
    volume = np.where(ball & (radius > 3), 100.0, 10.0) + rng.standard_normal(ball.shape)
    volume[:2, :2, :2] = 100
    assert np.array_equal(brain(volume), ball)


def test_a_finer_image_is_averaged_over_the_voxels_of_the_grid():
    grid = Grid(4.0, np.array([-6.0, -6.0, -6.0]), np.array([4, 4, 4]))
    fine = Grid(2.0, grid.origin - 1.0, grid.voxels * 2)
    volume = np.random.default_rng(0).standard_normal((8, 8, 8)).astype(np.float32)
    expected = grid.average(volume, fine.origin, 2.0)
    np.testing.assert_allclose(onto(grid, volume, fine.affine), expected, atol=1e-6)


def test_each_subject_deforms_one_of_the_scans(folder):
    scans = Scans(folder=str(folder), resolution_mm=MM)
    drawn = [scans.draw(generator("test", i, "anatomy")) for i in range(20)]
    assert {latents["scan"] for latents in drawn} == {0, 1}
    for latents in drawn:
        position = scans.position(latents)
        slopes = [np.stack(np.gradient(position[..., k], MM), -1) for k in range(3)]
        assert np.linalg.det(np.stack(slopes, -2)).min() > 0
    again = scans.warp(drawn[0])
    assert np.array_equal(again.maps, scans.warp(scans.draw(generator("test", 0, "anatomy"))).maps)
    assert Brain(Focal(), anatomy=scans, amplitude=0.5).cohort((0, 1), "evaluation").images.isfinite().all()


def test_a_displaced_brain_is_refused_until_it_is_aligned(tmp_path):
    volume, affine = image()
    away = np.diag([1.05, 1.05, 1.05, 1.0])
    away[:3, 3] = 60, -30, 20
    save(tmp_path / "away.nii", volume, away @ affine)
    with pytest.raises(BadInput, match=r"away\.nii: its brain is centred at .*alignment=moments"):
        _ = Scans(folder=str(tmp_path), resolution_mm=MM).template
    aligned = Scans(folder=str(tmp_path), resolution_mm=MM, alignment="moments").template.maps[2]
    theirs = volume > 0
    assert 2 * ((aligned > 0.5) & theirs).sum() / ((aligned > 0.5).sum() + theirs.sum()) > 0.9


def test_a_mask_says_what_is_brain(folder, tmp_path):
    volume, affine = image()
    masks = tmp_path / "masks"
    masks.mkdir()
    mask = (volume > 0).astype(np.float32)
    save(masks / "a.nii.gz", mask, affine)
    save(folder / "a.nii.gz", volume + 400 * (1 - mask), affine)
    with pytest.raises(BadInput, match=r"masks/b\.nii\.gz: there is no such file"):
        Scans(folder=str(folder), masks=str(masks), resolution_mm=MM)
    (folder / "b.nii.gz").unlink()
    masked = Scans(folder=str(folder), masks=str(masks), resolution_mm=MM).source(0)
    np.testing.assert_allclose(masked.maps[2], mask, atol=1e-4)
    save(masks / "a.nii.gz", mask[1:], affine)
    with pytest.raises(BadInput, match="is not that of the scan"):
        _ = Scans(folder=str(folder), masks=str(masks), resolution_mm=MM + 1).source(0)


def truncated(path, volume, affine):
    whole = gzip.decompress(Path(save(path, volume, affine)).read_bytes())
    path.write_bytes(gzip.compress(whole[: len(whole) // 2]))


def flat(path, volume, affine):
    nifti = nibabel.Nifti1Image(volume, affine)
    nifti.header["srow_x"] = 0
    nifti.header["sform_code"] = 2
    data = nifti.header.binaryblock + b"\0" * 4 + volume.tobytes(order="F")
    path.write_bytes(gzip.compress(data))


UNUSABLE = {
    "flattens space": flat,
    "cannot be read as NIfTI": truncated,
    "has 4 dimensions": lambda path, v, a: save(path, np.stack([v, v], -1), a),
    "says nothing of its position": lambda path, v, a: save(path, v, a, coded=False),
    "is empty": lambda path, v, a: save(path, 0 * v, a),
    "not finite": lambda path, v, a: save(path, np.where(v > 0, np.nan, v), a),
    "cannot be told apart": lambda path, v, a: save(path, (v > 0).astype(np.float32), a),
    "cannot be read": lambda path, v, a: path.write_bytes(b"no image"),
}


@pytest.mark.parametrize("said", UNUSABLE)
def test_an_unusable_scan_is_refused_by_name(tmp_path, said):
    UNUSABLE[said](tmp_path / "bad.nii.gz", *image())
    with pytest.raises(BadInput, match=rf"bad\.nii\.gz: .*{said}") as caught:
        _ = Scans(folder=str(tmp_path), resolution_mm=MM).template
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("said", sorted(set(UNUSABLE) - {"cannot be told apart"}))
def test_one_unusable_scan_among_good_ones_is_refused_before_anything_is_drawn(folder, said):
    UNUSABLE[said](folder / "c.nii.gz", *image())
    with pytest.raises(BadInput, match=rf"c\.nii\.gz: .*{said}") as caught:
        Brain(Focal(), anatomy=Scans(folder=str(folder), resolution_mm=MM))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("folder", ["", "/no/such/place"])
def test_a_folder_without_scans_is_refused(folder):
    with pytest.raises(BadInput, match=r"Scans\.folder=.* is not possible: give a folder of healthy NIfTI scans"):
        Scans(folder=folder)
