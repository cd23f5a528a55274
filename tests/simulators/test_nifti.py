"""Images read as their headers mean them, as nibabel does, and refused in one sentence where nothing can be meant."""

import gzip

import nibabel
import numpy as np
import pytest

from bench.contracts import BadInput
from simulators.anatomy.nifti import read, read_labels

pytestmark = pytest.mark.fault("files")

AFFINE = np.array([[0, -2.0, 0.1, 10], [1.5, 0, 0, -20], [0, 0.2, 3, 5], [0, 0, 0, 1]])
VOLUME = np.random.default_rng(0).uniform(-50, 900, (5, 6, 7)).astype(np.float32)
LABELS = np.random.default_rng(1).choice([0, 7, 8, 2035], (5, 6, 7))
TURNED = np.array([[0, -2.0, 0, 10], [0, 0, -3, -20], [-4, 0, 0, 5], [0, 0, 0, 1]])
#: NIfTI codes
SCANNER, UNKNOWN, TALAIRACH = 1, 0, 3


def stored(path, volume, kind=nibabel.Nifti1Image, order="<", dtype=None, affine=AFFINE, edit=lambda header: None):
    """A file of one kind of NIfTI; `edit` changes its header behind nibabel's back."""
    header = kind.header_class(endianness=order)
    header.set_data_dtype(dtype or volume.dtype)
    image = kind(volume, affine, header)
    image.to_filename(path)
    content = bytearray(path.read_bytes())
    header = kind.header_class(bytes(content[: kind.header_class.sizeof_hdr]), check=False)
    edit(header)
    content[: kind.header_class.sizeof_hdr] = header.binaryblock
    path.write_bytes(content)
    return path


WAYS = {
    "float32": {},
    "NIfTI-2": {"kind": nibabel.Nifti2Image},
    "NIfTI-2, big-endian": {"kind": nibabel.Nifti2Image, "order": ">"},
    "big-endian": {"order": ">"},
    "big-endian, scaled": {"order": ">", "dtype": np.int16},
    "scaled to 16 bits": {"dtype": np.int16},
    "scaled to 8 bits": {"dtype": np.uint8},
    "float64": {"dtype": np.float64},
    "only a qform": {"edit": lambda h: (h.set_qform(TURNED, SCANNER), h.set_sform(None, UNKNOWN))},
    "sform and another qform": {"edit": lambda h: h.set_qform(np.eye(4), TALAIRACH)},
    "slope 0": {"edit": lambda h: h.__setitem__("scl_slope", 0)},
    "qfac 0": {"edit": lambda h: (h.set_qform(np.eye(4), SCANNER), h["pixdim"].__setitem__(0, 0))},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_storing_is_read_as_nibabel_reads_it(tmp_path, way):
    path = stored(tmp_path / "a.nii", VOLUME, **WAYS[way])
    twin, image = nibabel.load(path), read(path)
    assert image.volume.dtype == np.float32 and image.volume.dtype.isnative
    np.testing.assert_allclose(image.volume, twin.get_fdata(), rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(image.affine, twin.affine, atol=1e-6)


def test_packed_files_are_told_by_content_and_one_volume_may_have_more_axes(tmp_path):
    plain = stored(tmp_path / "a.nii", VOLUME[..., None, None])
    (tmp_path / "b.nii").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "c.nii.gz").write_bytes(plain.read_bytes())
    for name in ("a.nii", "b.nii", "c.nii.gz"):
        assert np.array_equal(read(tmp_path / name).volume, VOLUME)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("excess", [0, 1e-7, 1e-5, 1e-4])
def test_a_rounded_quaternion_is_the_turn_that_it_was_rounded_from(tmp_path, kind, excess):
    """Half a turn about an axis, for which the squares of what is stored add up to 1."""
    axis = np.array([0.6, 0, 0.8])
    turn = 2 * np.outer(axis, axis) - np.eye(3)
    meant = np.eye(4)
    meant[:3, :3] = turn @ np.diag([1, 2, 3])

    def rounded(header):
        header.set_qform(meant, SCANNER)
        header.set_sform(None, UNKNOWN)
        for name in "bcd":
            header[f"quatern_{name}"] *= 1 + excess

    path = stored(tmp_path / "a.nii", VOLUME, kind=kind, edit=rounded)
    np.testing.assert_allclose(read(path).affine, meant, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float64])
@pytest.mark.parametrize("order", "<>")
def test_labels_stay_the_whole_numbers_that_they_are(tmp_path, dtype, order):
    largest = np.iinfo(dtype).max if dtype != np.float64 else 2**53 - 1
    labels = np.array([0, 1, 2, largest - 1, largest], dtype)[np.arange(5 * 6 * 7) % 5].reshape(5, 6, 7)
    image = read_labels(stored(tmp_path / "a.nii", labels, order=order))
    assert image.volume.dtype.kind in "iu"
    assert image.volume.tolist() == [[[int(v) for v in row] for row in plane] for plane in labels]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
def test_labels_stored_in_fine_steps_are_the_nearest_whole_numbers(tmp_path, dtype):
    labels = np.where(LABELS == 2035, 9, LABELS)
    path = stored(tmp_path / "a.nii", labels.astype(np.float64), dtype=dtype)
    assert (nibabel.load(path).get_fdata() != labels).any()
    assert np.array_equal(read_labels(path).volume, labels)


NO_LABELS = {
    "whole numbers from 0 on": VOLUME,
    "whole numbers from 0 on; give": LABELS - 1,
    "numbers beyond 16777216, which merge": np.where(LABELS == 7, 182305689, LABELS).astype(np.float32),
    "numbers beyond 9007199254740992, which merge": np.where(LABELS == 7, 1e300, LABELS),
}


@pytest.mark.parametrize("says", NO_LABELS)
def test_what_is_no_label_or_cannot_be_told_from_others_is_refused(tmp_path, says):
    stored(tmp_path / "bad.nii", NO_LABELS[says])
    with pytest.raises(BadInput, match=rf"bad\.nii: .*{says}"):
        read_labels(tmp_path / "bad.nii")


def test_shares_stored_in_8_bits_are_no_labels(tmp_path):
    path = stored(tmp_path / "bad.nii", np.clip(VOLUME / 900, 0, 1), dtype=np.uint8)
    with pytest.raises(BadInput, match="give the image of labels, not probabilities"):
        read_labels(path)


RGB = np.zeros((5, 6, 7), [("R", "u1"), ("G", "u1"), ("B", "u1")])


def cut(path, count):
    path.write_bytes(path.read_bytes()[:count])


def flipped(path, volume):
    content = bytearray(gzip.compress(stored(path, volume).read_bytes()))
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def header(**values):
    def edit(content):
        for name, value in values.items():
            content[name] = value

    return lambda path: stored(path, VOLUME, edit=edit)


MGZ = nibabel.MGHImage(VOLUME, AFFINE)
UNUSABLE = {
    "holds colours": lambda path: stored(path, RGB),
    "holds complex numbers": lambda path: stored(path, VOLUME.astype(np.complex64)),
    "has 4 dimensions": lambda path: stored(path, np.stack([VOLUME, VOLUME], -1)),
    "has 5 dimensions": lambda path: stored(path, np.zeros((3, 3, 3, 1, 3), np.float32)),
    "has 2 dimensions": lambda path: stored(path, VOLUME[0]),
    r"is empty or flat, of \(5, 6, 1\)": lambda path: stored(path, VOLUME[..., :1]),
    r"is empty or flat, of \(0, 6, 7\)": header(dim=[3, 0, 6, 7, 1, 1, 1, 1]),
    r"is empty or flat, of \(-5, 6, 7\)": header(dim=[3, -5, 6, 7, 1, 1, 1, 1]),
    r"may be truncated \(its values lie at bytes 352 to": header(dim=[3, 32000, 32000, 32000, 1, 1, 1, 1]),
    r"may be truncated \(its values lie at bytes 0 to": header(vox_offset=0),
    r"may be truncated \(its values lie at bytes 352 to 1192 of 1191\)": lambda path: cut(stored(path, VOLUME), -1),
    r"may be truncated \(w2 should be positive": header(sform_code=0, qform_code=1, quatern_b=1, quatern_c=0.3),
    r"cannot be read as NIfTI, .*\(its kind of numbers, 99, is unknown": header(datatype=99),
    "holds bits": header(datatype=1),
    "may be truncated .*; copy it again": lambda path: flipped(path, VOLUME),
    "says nothing of its position": header(sform_code=0, qform_code=0),
    "flattens space": header(srow_x=[0, 0, 0, 0]),
    "flattens space, so voxels": header(srow_x=[np.nan, 0, 0, 0]),
    "flattens space, so": lambda path: stored(
        path,
        VOLUME,
        kind=nibabel.Nifti2Image,
        edit=lambda h: h.__setitem__("srow_x", [1e200, 0, 0, 0]),
    ),
    "flattens space, so voxels have": header(sform_code=0, qform_code=1, pixdim=[1, 0, 0, 0, 0, 0, 0, 0]),
    "positions are not in mm": header(xyzt_units=3),
    "values that are not finite": lambda path: stored(path, np.where(VOLUME > 800, np.nan, VOLUME)),
    "is empty, every voxel is 3": lambda path: stored(path, np.full((5, 6, 7), 3.0)),
    "is no NIfTI image in one file; convert": lambda path: path.write_bytes(b""),
    "is no NIfTI image in one file; convert it": lambda path: path.write_bytes(b"PNG" * 1000),
    "is no NIfTI image in one file": lambda path: nibabel.MGHImage(VOLUME, AFFINE).to_filename(
        path.with_suffix(".mgz")
    ),
    "is a folder": lambda path: path.mkdir(),
    "there is no such file": lambda path: None,
}


@pytest.mark.parametrize("reads", [read, read_labels])
@pytest.mark.parametrize("says", UNUSABLE)
def test_what_cannot_be_meant_is_refused_by_name(tmp_path, capfd, says, reads):
    UNUSABLE[says](tmp_path / "bad.nii")
    path = next((p for p in tmp_path.iterdir() if p.suffix == ".mgz"), tmp_path / "bad.nii")
    with pytest.raises(BadInput, match=rf"^{path}: .*{says}") as caught:
        reads(path)
    assert "\n" not in str(caught.value) and not capfd.readouterr().err


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_any_bytes_of_a_header_are_read_or_refused_in_one_sentence(tmp_path, recwarn, kind):
    rng, path = np.random.default_rng(0), tmp_path / "a.nii"
    whole = stored(path, LABELS.astype(np.int16), kind=kind).read_bytes()
    outcomes = set()
    for _ in range(300):
        content = bytearray(whole)
        for at in rng.integers(0, kind.header_class.sizeof_hdr, 3):
            content[at] = rng.choice([0, 127, 128, 255, rng.integers(256)])
        path.write_bytes(content)
        try:
            outcomes.add(read_labels(path).volume.shape)
        except BadInput as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
            outcomes.add("refused")
    assert {"refused", LABELS.shape} <= outcomes and not recwarn.list


def test_values_beyond_single_precision_are_not_finite(tmp_path):
    with pytest.raises(BadInput, match="values that are not finite"):
        read(stored(tmp_path / "a.nii", np.where(VOLUME > 800, np.float64(1e300), VOLUME)))


def test_half_of_a_pair_is_refused_because_the_other_would_not_be_seen(tmp_path):
    nibabel.Nifti1Pair(VOLUME, AFFINE).to_filename(tmp_path / "a.hdr")
    with pytest.raises(BadInput, match=r"a\.hdr: is no NIfTI image in one file"):
        read(tmp_path / "a.hdr")
