"""Keys of simulators know the bytes of files they read, and of no others."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from bench.contracts import BadInput
from bench.store.keys import describe, key
from simulators.anatomy.atlas import Atlas
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.scans import Scans
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy

pytestmark = pytest.mark.fault("files")

SCANS = {"_target_": "simulators.anatomy.scans.Scans"}
INNER = {"_target_": "simulators.anatomy.mni152.MNI152", "resolution_mm": 7.0}


@pytest.fixture
def scans(tmp_path):
    """A folder of two scans with masks, as a simulator's node names it."""
    for name in ("scans/a.nii", "scans/b.nii", "masks/a.nii", "masks/b.nii"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path, {**SCANS, "folder": str(tmp_path / "scans"), "masks": str(tmp_path / "masks")}


def of(anatomy):
    """Keys of a simulator and of the part of it that a bank depends on."""
    node = {"_target_": "simulators.brain.Brain", "anatomy": anatomy, "pathology": {}}
    return key(describe(node)), key(describe(Brain.banked(node)))


@pytest.mark.parametrize("changed", ["scans/a.nii", "scans/b.nii", "masks/b.nii"])
def test_a_file_that_changes_under_its_path_is_another_key(scans, changed):
    folder, node = scans
    before = of(node)
    assert of(node) == before
    # as many bytes as before
    (folder / changed).write_bytes(changed.upper().encode())
    after = of(node)
    assert not set(before) & set(after)
    (folder / changed).write_bytes(changed.encode())
    assert of(node) == before


def test_a_file_that_comes_or_goes_is_another_key_and_one_beside_them_is_none(scans):
    folder, node = scans
    before = of(node)
    (folder / "scans" / "notes.txt").write_text("x")
    assert of(node) == before
    (folder / "scans" / "c.nii").write_bytes(b"c")
    more = of(node)
    (folder / "scans" / "a.nii").unlink()
    assert len({before[0], more[0], of(node)[0]}) == 3


def test_another_image_or_table_of_an_atlas_is_another_key(tmp_path):
    node = {"_target_": "simulators.anatomy.atlas.Atlas", "anatomy": INNER}
    node |= {"image": str(tmp_path / "a.nii"), "labels": str(tmp_path / "names.tsv")}
    seen = set()
    for image, labels in ((b"1", b"x"), (b"2", b"x"), (b"1", b"y")):
        Path(node["image"]).write_bytes(image)
        Path(node["labels"]).write_bytes(labels)
        seen.add(of(node)[0])
    assert len(seen) == 3


@pytest.mark.parametrize("place", ["x" * 300, "x" * 300 + "/y"])
@pytest.mark.parametrize("field", ["folder", "masks", "image", "labels"])
def test_a_place_that_cannot_be_is_refused_before_anything_is_read(scans, place, field):
    nodes = {"_target_": "simulators.anatomy.atlas.Atlas", "anatomy": INNER, "image": "a", "labels": "b"}
    node = scans[1] if field in ("folder", "masks") else nodes
    with pytest.raises(BadInput, match=rf"^{place}: is no path of this machine \(.*\); give one"):
        describe({**node, field: place})


def test_what_reads_no_files_says_nothing_of_them():
    assert "files" not in describe(INNER)


@pytest.fixture
def atlas(tmp_path):
    """Regions of many and of few voxels at 7 mm."""
    volume = np.zeros((180, 220, 190))
    volume[60:90, 80:140, 60:100], volume[100:114, 100:114, 90:97] = 1, 2
    affine = np.eye(4)
    affine[:3, 3] = -90, -126, -72
    nibabel.save(nibabel.Nifti1Image(volume, affine), tmp_path / "a.nii")
    (tmp_path / "names.tsv").write_text("index\tname\n1\tbox\n2\tspeck\n")
    (tmp_path / "LICENSE").write_text("Anybody may use it.")
    return Atlas(MNI152(resolution_mm=7.0), str(tmp_path / "a.nii"), str(tmp_path / "names.tsv"))


@pytest.mark.parametrize(
    ("regions", "says"),
    [
        pytest.param(
            ("bax",), r"pathology\.regions: there is no region 'bax'; did you mean 'box'", marks=pytest.mark.full
        ),
        (("left hippocampus",), r"there is no region 'left hippocampus'; valid names are .*box"),
        (("speck",), r"region 'speck' has \d voxels at 7 mm; use anatomy\.resolution_mm of .* or finer"),
    ],
)
def test_regions_an_atlas_does_not_hold_or_a_grid_not_resolve_are_refused(atlas, regions, says):
    Brain(Atrophy(("box",)), anatomy=atlas)
    with pytest.raises(BadInput, match=says) as error:
        Brain(Atrophy(regions), anatomy=atlas)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["é a,b=c#d&e;~f\\g${h}[i]{j}(k)'l\"m*?", "~nobody_of_this_name", "n" * 120])
def test_a_folder_of_any_name_is_looked_through(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    (Path(name) / f"{name}.nii").write_bytes(b"")
    assert Scans.files_of({"folder": name, "pattern": "*.nii*", "masks": None}) == (Path(name) / f"{name}.nii",)
    assert Atlas.files_of({"image": f"{name}/i", "labels": f"{name}/l"}) == (Path(name) / "i", Path(name) / "l")
