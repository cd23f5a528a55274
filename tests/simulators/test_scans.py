"""Real images as anatomies: what a scan says comes back, and unusable files are refused in one sentence."""

import gzip
from contextlib import nullcontext
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nilearn.datasets import (
    load_mni152_brain_mask,
    load_mni152_gm_template,
    load_mni152_template,
    load_mni152_wm_template,
)
from scipy.ndimage import binary_dilation
from scipy.spatial.transform import Rotation

from bench.contracts import BadInput
from simulators.anatomy import scans as scans_module
from simulators.anatomy.nifti import Image
from simulators.anatomy.origin import file_of, heads_of
from simulators.anatomy.phantom import Phantom
from simulators.anatomy.scan_files import inside, mask_of
from simulators.anatomy.scans import Scans
from simulators.anatomy.slab import Slab
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.pathology.focal import Focal
from simulators.streams import generator

MM = 6.0
CONTRAST = Contrast()
FLAIR = Contrast(gm=0.85, wm=0.6, csf=0.2)


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


@pytest.fixture
def masked(tmp_path):
    """masked(mask, affine): the scan with its background filled, and the mask of its file."""

    def make(mask, affine=None, resolution_mm=MM):
        volume, own = image()
        (tmp_path / "masks").mkdir(exist_ok=True)
        save(tmp_path / "masks" / "a.nii.gz", mask, own if affine is None else affine)
        save(tmp_path / "a.nii.gz", np.where(volume > 0, volume, 400).astype(np.float32), own)
        return Scans(folder=str(tmp_path), masks=str(tmp_path / "masks"), resolution_mm=resolution_mm)

    return make


def shifted(affine, *voxels, scale=(1, 1, 1)):
    """The affine of a volume that begins some voxels further on."""
    step = np.diag([*scale, 1.0])
    step[:3, 3] = voxels
    return affine @ step


MASKS = {
    "0 and 1": lambda m, a: (m.astype(np.uint8), a),
    "0 and 255": lambda m, a: ((255 * m).astype(np.uint8), a),
    "shares": lambda m, a: ((0.9 * m).astype(np.float32), a),
    "from right to left": lambda m, a: (m[::-1].astype(np.uint8), shifted(a, len(m) - 1, 0, 0, scale=(-1, 1, 1))),
    "cropped": lambda m, a: (m[2:, 1:-1].astype(np.uint8), shifted(a, 2, 1, 0)),
    "axes in another order": lambda m, a: (m.transpose(2, 0, 1).astype(np.uint8), a[:, [2, 0, 1, 3]]),
    "larger": lambda m, a: (np.pad(m, 3).astype(np.uint8), shifted(a, -3, -3, -3)),
    "finer": lambda m, a: (
        np.kron(m, np.ones((3, 3, 3))).astype(np.uint8),
        shifted(a, *[-1 / 3] * 3, scale=[1 / 3] * 3),
    ),
}


@pytest.mark.parametrize("way", MASKS)
@pytest.mark.parametrize("side", [0, 1])
def test_a_mask_is_put_on_the_scan_by_its_affine(tmp_path, way, side):
    volume, affine = image()
    half = (volume > 0) & (np.arange(len(volume)) < len(volume) / (1 + side))[:, None, None]
    mask, at = MASKS[way](half, affine)
    scan = Image(volume, affine, tmp_path / "scan.nii")
    assert np.array_equal(inside(save(tmp_path / "mask.nii", mask, at), scan), half)


def test_what_lies_outside_of_a_mask_is_no_brain(masked):
    volume, affine = image()
    found = masked(*MASKS["cropped"](volume > 0, affine)).template
    np.testing.assert_allclose(found.maps[2], volume > 0, atol=1e-4)


NO_MASKS = {
    "holds more than a mask's two values": lambda m, a: ((m * np.arange(len(m))[:, None, None]).astype(np.int16), a),
    "holds more than a mask's two values; give 0": lambda m, a: ((2.0 * m - 1).astype(np.int16), a),
    "holds more than a mask's two values; give": lambda m, a: ((m + 1).astype(np.int16), a),
    "100% of it lies outside of": lambda m, a: (m.astype(np.uint8), shifted(a, 90, 0, 0)),
    r"\d\d% of it lies outside of .*a\.nii\.gz; give the mask of that scan": lambda m, a: (
        m.astype(np.uint8),
        shifted(a, 8, 8, 8),
    ),
}


@pytest.mark.parametrize("says", NO_MASKS)
def test_what_is_no_mask_of_the_scan_is_refused_before_anything_is_drawn(masked, says):
    volume, affine = image()
    with pytest.raises(BadInput, match=rf"masks/a\.nii\.gz: .*{says}") as caught:
        masked(*NO_MASKS[says](volume > 0, affine))
    assert "\n" not in str(caught.value)


def test_scans_of_one_name_have_no_mask_of_their_own(tmp_path):
    for subject in ("one", "two"):
        (tmp_path / subject).mkdir()
        save(tmp_path / subject / "t1.nii", *image())
    pattern = {"folder": str(tmp_path), "pattern": "*/t1.nii", "resolution_mm": MM}
    assert len(Scans(**pattern).paths) == 2
    with pytest.raises(BadInput, match=r"two/t1\.nii: another scan is named t1\.nii too"):
        Scans(**pattern, masks=str(tmp_path / "one"))


def test_hidden_files_are_no_scans_and_one_scan_is_there_once(folder):
    (folder / "._a.nii.gz").write_bytes(b"\0\5\x16\7")
    assert [path.name for path in Scans(folder=str(folder)).paths] == ["a.nii.gz", "b.nii.gz"]
    save(folder / "b.nii", *image())
    with pytest.raises(BadInput, match=r"b\.nii\.gz: is there as b\.nii too; keep one of them"):
        Scans(folder=str(folder))


@pytest.mark.parametrize("pattern", ["", "/tmp/*.nii", "**x"])
def test_a_pattern_that_is_none_is_refused(folder, pattern):
    with pytest.raises(BadInput, match=r"Scans\.pattern=.* is not possible: give"):
        Scans(folder=str(folder), pattern=pattern)


def test_a_negative_voxel_changes_nothing(folder):
    volume, affine = image()
    volume[2, 2, 2] = -3
    save(folder / "c.nii.gz", volume, affine)
    clean, _, spoilt = (Scans(folder=str(folder), resolution_mm=MM).source(k) for k in range(3))
    assert np.array_equal(clean.labels, spoilt.labels)
    assert np.array_equal(clean.maps, spoilt.maps)


def truncated(path, volume, affine):
    whole = gzip.decompress(Path(save(path, volume, affine)).read_bytes())
    path.write_bytes(gzip.compress(whole[: len(whole) // 2]))


def scalp(volume):
    """Something bright round the brain, a dark skull between."""
    near, far = (binary_dilation(volume > 0, iterations=n) for n in (1, 2))
    return np.where(far & ~near, 700, volume).astype(np.float32)


def flat(path, volume, affine):
    nifti = nibabel.Nifti1Image(volume, affine)
    nifti.header["srow_x"] = 0
    nifti.header["sform_code"] = 2
    nifti.header["vox_offset"] = 352
    data = nifti.header.binaryblock + b"\0" * 4 + volume.tobytes(order="F")
    path.write_bytes(gzip.compress(data))


UNUSABLE = {
    "flattens space": flat,
    "cannot be read as NIfTI": truncated,
    "has 4 dimensions": lambda path, v, a: save(path, np.stack([v, v], -1), a),
    "says nothing of its position": lambda path, v, a: save(path, v, a, coded=False),
    "is empty": lambda path, v, a: save(path, 0 * v, a),
    "not finite": lambda path, v, a: save(path, np.where(v > 0, np.nan, v), a),
    "much of it that is bright lies apart": lambda path, v, a: save(path, scalp(v), a),
    "what is brightest is not where white matter is": lambda path, v, a: save(path, np.where(v > 0, 1000 - v, 0), a),
    "what is brightest is not where white matter": lambda path, v, a: save(path, *image(contrast=FLAIR)),
    "cannot be told apart": lambda path, v, a: save(path, (v > 0).astype(np.float32), a),
    "is no NIfTI image": lambda path, v, a: path.write_bytes(b"no image"),
}


@pytest.mark.parametrize("said", UNUSABLE)
def test_an_unusable_scan_is_refused_by_name(tmp_path, said):
    UNUSABLE[said](tmp_path / "bad.nii.gz", *image())
    with pytest.raises(BadInput, match=rf"bad\.nii\.gz: .*{said}") as caught:
        _ = Scans(folder=str(tmp_path), resolution_mm=MM).template
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def template():
    """The average brain of nilearn at 2 mm, its T1 in arbitrary units, its tissues (3, A, B, C) and its affine."""
    t1, gm, wm, mask = (
        load(resolution=2)
        for load in (load_mni152_template, load_mni152_gm_template, load_mni152_wm_template, load_mni152_brain_mask)
    )
    inside = mask.get_fdata() > 0
    shares = [np.clip(part.get_fdata(), 0, 1) * inside for part in (gm, wm)]
    volume = np.where(inside, t1.get_fdata(), 0)
    return 1000 * volume / volume.max(), np.stack([*shares, inside * (1 - sum(shares)).clip(0)]), t1.affine


#: made of the template's T1, and of what its tissues would give: grey matter, white matter, fluid
OTHER_CONTRASTS = {
    "inverted": lambda t1, tissues: np.where(t1 > 0, 1000 - t1, 0),
    "FLAIR": lambda t1, tissues: np.tensordot([850, 600, 200], tissues, 1),
    "T2": lambda t1, tissues: np.tensordot([550, 400, 1000], tissues, 1),
    "proton density": lambda t1, tissues: np.tensordot([900, 750, 1000], tissues, 1),
    "bright fluid": lambda t1, tissues: np.tensordot([400, 850, 600], tissues, 1),
    "dark grey matter": lambda t1, tissues: np.tensordot([200, 850, 550], tissues, 1),
}


@pytest.mark.parametrize("contrast", OTHER_CONTRASTS)
def test_a_real_template_in_another_contrast_is_refused_in_one_sentence(tmp_path, template, contrast):
    t1, tissues, affine = template
    save(tmp_path / "bad.nii.gz", OTHER_CONTRASTS[contrast](t1, tissues).astype(np.float32), affine)
    says = (
        r"bad\.nii\.gz: what is (brightest|darkest|in between) is not where .* is; give a T1-weighted scan that lies as"
    )
    with pytest.raises(BadInput, match=says):
        Scans(folder=str(tmp_path), resolution_mm=MM).source(0)


@pytest.mark.parametrize(("axis", "says"), [(1, "its front and back look swapped"), (2, "its brain is centred at")])
def test_a_brain_that_is_turned_over_is_refused(tmp_path, template, axis, says):
    t1, _, affine = template
    save(tmp_path / "bad.nii.gz", np.flip(t1, axis).astype(np.float32), affine)
    with pytest.raises(BadInput, match=rf"bad\.nii\.gz: {says}"):
        Scans(folder=str(tmp_path), resolution_mm=MM)


def _tilted(affine, degrees):
    """An affine that turns the head about the left-right axis."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("x", degrees, degrees=True).as_matrix()
    return turn @ affine


EXCHANGED = {"two axes": [0, 2, 1], "all axes": [2, 0, 1], "left and up": [2, 1, 0]}


@pytest.mark.parametrize("alignment", ["world", "moments"])
@pytest.mark.parametrize("axes", EXCHANGED.values(), ids=EXCHANGED)
def test_a_brain_with_exchanged_axes_is_refused_however_it_is_aligned(tmp_path, template, axes, alignment):
    t1, _, affine = template
    save(tmp_path / "bad.nii.gz", t1.astype(np.float32), np.eye(4)[[*axes, 3]] @ affine)
    says = "its axes look exchanged; mend its affine|its brain is centred at|that lies as its header says$"
    with pytest.raises(BadInput, match=rf"bad\.nii\.gz: .*({says})"):
        Scans(folder=str(tmp_path), resolution_mm=MM, alignment=alignment)


@pytest.mark.parametrize("alignment", ["world", "moments"])
def test_a_head_that_nods_a_little_is_taken_and_one_that_lies_is_refused(tmp_path, template, alignment):
    t1, _, affine = template
    for degrees in (-8, 8, -35, 35):
        folder = tmp_path / str(degrees)
        folder.mkdir()
        save(folder / "head.nii.gz", t1.astype(np.float32), _tilted(affine, degrees))
        with (
            pytest.raises(BadInput, match="it looks tilted by about 30 degrees") if abs(degrees) > 8 else nullcontext()
        ):
            Scans(folder=str(folder), resolution_mm=MM, alignment=alignment)


def test_what_few_voxels_refuse_is_looked_at_in_full(tmp_path, monkeypatch):
    """So that a scan is never refused for what its other voxels would have shown."""
    looked, real = [], scans_module.told_apart

    def hard_to_please(image, *further):
        looked.append(image.volume.size)
        if len(looked) == 1:
            raise BadInput("too few voxels")
        return real(image, *further)

    monkeypatch.setattr(scans_module, "told_apart", hard_to_please)
    save(tmp_path / "a.nii.gz", *image(mm=2.0))
    Scans(folder=str(tmp_path), resolution_mm=MM)
    assert looked[1] > 7 * looked[0]


@pytest.mark.parametrize("moved", [0, 12])
def test_the_template_itself_is_a_scan_even_where_it_is_registered_badly(tmp_path, template, moved):
    t1, _, affine = template
    noise = np.random.default_rng(0).normal(0, 20, t1.shape)
    save(tmp_path / "a.nii.gz", np.where(t1 > 0, t1 + noise, 0).astype(np.float32), shifted(affine, 0, moved / 2, 0))
    Scans(folder=str(tmp_path), resolution_mm=MM).source(0)


#: {scan: its mask among BIDS derivatives}
BIDS_NAMES = {
    "sub-01_T1w.nii.gz": "sub-01_desc-brain_mask.nii.gz",
    "sub-01_ses-2_run-1_T1w.nii.gz": "sub-01/ses-2/anat/sub-01_ses-2_run-1_desc-brain_mask.nii.gz",
    "sub-01_space-MNI_desc-preproc_T1w.nii": "sub-01/anat/sub-01_space-MNI_label-brain_mask.nii.gz",
    "sub-01_T1w.nii": "sub-01/anat/sub-01_mask.nii",
}


@pytest.mark.parametrize("scan", BIDS_NAMES)
def test_a_mask_is_found_by_its_name_among_bids_derivatives(tmp_path, scan):
    masks = tmp_path / "masks"
    mask = masks / BIDS_NAMES[scan]
    mask.parent.mkdir(parents=True)
    mask.touch()
    # of another person, session, space or part
    for other in ("sub-011_desc-brain_mask", "sub-01_ses-3_desc-brain_mask", "sub-01_space-T1w_desc-brain_mask"):
        (masks / f"{other}.nii.gz").touch()
    (mask.parent / "sub-01_label-GM_mask.nii.gz").touch()
    assert mask_of(str(masks), tmp_path / scan) == mask
    (masks / scan).touch()
    assert mask_of(str(masks), tmp_path / scan) == masks / scan


def test_two_masks_of_a_scan_and_none_are_refused(folder, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    with pytest.raises(
        BadInput, match=r"masks/a\.nii\.gz: there is no such file, nor .* \(a_desc-brain_mask\.nii\.gz\)"
    ):
        Scans(folder=str(folder), masks=str(masks), resolution_mm=MM)
    for name in ("sub-1_mask.nii.gz", "sub-1_desc-brain_mask.nii.gz"):
        (masks / name).touch()
    with pytest.raises(
        BadInput, match=r"sub-1_mask\.nii\.gz: is a mask of .*, and sub-1_desc-brain_mask\.nii\.gz is one"
    ):
        mask_of(str(masks), tmp_path / "sub-1_T1w.nii.gz")


@pytest.mark.parametrize("said", UNUSABLE)
def test_one_unusable_scan_among_good_ones_is_refused_before_anything_is_drawn(folder, said):
    UNUSABLE[said](folder / "c.nii.gz", *image())
    with pytest.raises(BadInput, match=rf"c\.nii\.gz: .*{said}") as caught:
        Brain(Focal(), anatomy=Scans(folder=str(folder), resolution_mm=MM))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("folder", ["", "/no/such/place"])
def test_a_folder_without_scans_is_refused(folder):
    with pytest.raises(BadInput, match=r"Scans\.folder=.* is not possible: give a folder of healthy NIfTI scans"):
        Scans(folder=folder)


def test_a_simulator_says_that_its_heads_are_scans_and_which_scan_each_is(folder):
    """Also where the anatomy stands inside another one; nothing of it is part of a key."""
    (folder / "deep").mkdir()
    (folder / "a.nii.gz").rename(folder / "deep" / "a.nii.gz")
    scans = Scans(folder=str(folder), pattern="**/*.nii.gz", resolution_mm=MM)
    brain = Brain(Focal(), anatomy=scans)
    assert brain.heads == "scans"
    for subject in range(6):
        number = int(brain.record(subject, "evaluation")["scan"])
        assert brain.source(subject, "evaluation") == ("b.nii.gz", "deep/a.nii.gz")[number]
    slab = Slab(anatomy=scans, low=(-60.0, -60.0, -30.0), high=(60.0, 60.0, 40.0))
    assert heads_of(slab) == "scans" and file_of(slab, {"scan": 0}) == "b.nii.gz"
    others = Brain(Focal()), Brain(Focal(), anatomy=Phantom())
    assert [one.heads for one in others] == ["template", "phantom"]
    assert [one.source(0, "evaluation") for one in others] == ["", ""]
