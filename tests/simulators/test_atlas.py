"""Anatomies around another one: the user's regions, and a slab; and the shapes that registration leaves."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import yaml
from scipy.ndimage import binary_dilation

from bench.contracts import BadInput
from simulators.anatomy.atlas import Atlas
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.placement import nearest_values
from simulators.anatomy.shape import Shape
from simulators.anatomy.slab import Slab
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.streams import generator

CONF = Path(__file__).parents[2] / "conf" / "simulator" / "anatomy"
INNER = MNI152(resolution_mm=6.0)
TEMPORAL = yaml.safe_load((CONF / "temporal_3mm.yaml").read_text())
LOW, HIGH = tuple(TEMPORAL["low"]), tuple(TEMPORAL["high"])


def latents(anatomy, subject=0):
    return anatomy.draw(generator("test", subject, "anatomy"))


@pytest.fixture
def files(tmp_path):
    """An atlas of two sides (7 and 9) of a head in 3 mm voxels, and its table."""
    volume = np.zeros((50, 64, 54), np.int16)
    volume[:25], volume[25:] = 7, 9
    affine = np.diag([3.0, 3, 3, 1])
    affine[:3, 3] = -73.5, -110, -72
    head = binary_dilation(INNER.template.maps[2] > 0.5).astype(np.int16)
    volume *= nearest_values(head, INNER.template.affine, volume.shape, affine)
    nibabel.save(nibabel.Nifti1Image(volume, affine), tmp_path / "atlas.nii.gz")
    (tmp_path / "names.tsv").write_text("index\tname\n0\tbackground\n9\tright half\n7\tleft half \n8\tnowhere\n")
    (tmp_path / "LICENSE").write_text("Anybody may use it.")
    return tmp_path / "atlas.nii.gz", tmp_path / "names.tsv"


def atlas(files, inner=INNER):
    return Atlas(inner, str(files[0]), str(files[1]))


def test_regions_are_those_of_the_atlas(files):
    named = atlas(files)
    assert named.region_names == ("right half", "left half")
    template = named.template
    brain = template.maps[2] > 0.5
    expected = np.where(template.points[..., 0] > 0, 1, 2)
    assert np.array_equal(template.labels, np.where(brain, expected, 0))


def test_an_atlas_moves_with_the_subject_and_changes_nothing_else(files):
    named = atlas(files)
    ours, theirs = named.warp(latents(named)), INNER.warp(latents(INNER))
    assert np.array_equal(ours.maps, theirs.maps)
    x = named.position(latents(named))[..., 0]
    inside = (ours.maps[2] > 0.5) & (np.abs(x) > 3)
    assert np.array_equal(ours.labels[inside], np.where(x > 0, 1, 2)[inside])


def test_pathology_takes_regions_of_the_atlas(files):
    brain = Brain(Atrophy(("left half",)), anatomy=atlas(files), amplitude=0.5)
    planted = brain.cohort((0, 1), "evaluation")
    change, regions = planted.truths["planted"].volume[1], planted.regions[1]
    assert change[regions == 2].abs().mean() > 20 * change[regions == 1].abs().mean()


TABLES = {
    r"no name for label 7 of .*atlas\.nii\.gz": "index\tname\n9\tright\n",
    "name 'x' stands there twice": "index\tname\n9\tx\n7\tx \n",
    "index 9 stands there twice": "index\tname\n9\tx\n9\ty\n7\tz\n",
    "has the columns": "number\tname\n9\tx\n",
    "needs a whole number as index, 0 or more, and a name": "index\tname\n9\tx\n7\t\n",
}


@pytest.mark.parametrize("said", TABLES)
def test_an_unusable_table_is_refused(files, said):
    files[1].write_text(TABLES[said])
    with pytest.raises(BadInput, match=rf"names\.tsv: .*{said}"):
        atlas(files)


def test_a_label_below_zero_is_refused(files):
    files[1].write_text("index\tname\n9\tx\n7\ty\n-1\tz\n")
    with pytest.raises(BadInput, match=r"names\.tsv: every row needs a whole number as index, 0 or more"):
        atlas(files)


def test_unusable_images_and_missing_files_are_refused(files, tmp_path):
    with pytest.raises(BadInput, match=r"no\.nii: there is no such file"):
        Atlas(INNER, str(tmp_path / "no.nii"), str(files[1]))
    with pytest.raises(BadInput, match=r"no\.tsv: there is no such file"):
        Atlas(INNER, str(files[0]), str(tmp_path / "no.tsv"))
    for volume, said in ((np.ones((3, 3, 3, 2)), "4 dimensions"), (np.linspace(0, 1, 27).reshape(3, 3, 3), "whole")):
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "odd.nii")
        with pytest.raises(BadInput, match=rf"odd\.nii: .*{said}"):
            Atlas(INNER, str(tmp_path / "odd.nii"), str(files[1]))


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_labels_of_any_size_stay_apart_and_lie_where_the_affine_says(files, kind):
    expected, large = atlas(files).template.labels, {0: 0, 7: 182305689, 9: 182305696}
    image = nibabel.load(files[0])
    volume = np.vectorize(large.get)(np.asarray(image.dataobj)).astype(np.int32)
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = len(volume) - 1
    kind(volume[::-1].transpose(1, 2, 0), (image.affine @ flip)[:, [1, 2, 0, 3]]).to_filename(files[0])
    files[1].write_text(f"index\tname\n{large[9]}\tright half\n{large[7]}\tleft half\n")
    named = Atlas(MNI152(resolution_mm=6.0, shape=Shape(size=0.02)), str(files[0]), str(files[1]))
    assert named.region_names == ("right half", "left half")
    assert np.array_equal(named.template.labels, expected)


def test_an_atlas_that_lies_nowhere_in_the_brain_is_refused(files):
    image = nibabel.load(files[0])
    affine = image.affine.copy()
    affine[:3, 3] += 1000
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), affine), files[0])
    says = r"atlas\.nii\.gz: (\d+) of \1 voxels of 'right half' lie more than 10 mm outside the brain; give an atlas of"
    with pytest.raises(BadInput, match=says):
        atlas(files)


def test_an_atlas_without_a_licence_is_refused(files):
    (files[0].parent / "LICENSE").unlink()
    with pytest.raises(BadInput, match=r"atlas\.nii\.gz: no licence lies beside it; put a file LICENSE there"):
        atlas(files)


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_a_licence_that_says_nothing_is_none(files, make):
    (files[0].parent / "LICENSE").unlink()
    make(files[0].parent / "LICENSE")
    with pytest.raises(BadInput, match="no licence lies beside it"):
        atlas(files)


def test_a_licence_may_be_written_in_any_case(files):
    (files[0].parent / "LICENSE").rename(files[0].parent / "license.txt")
    assert atlas(files).region_names


@pytest.mark.parametrize("name", ["lh-half", "ctx-lh-half", "Left-Half", "half_L", "L half", "half (left)"])
def test_sides_told_in_another_way_are_refused(files, name):
    files[1].write_text(files[1].read_text().replace("left half", name))
    with pytest.raises(BadInput, match=r"atlas\.nii\.gz: the name .* tells a side in another way; write 'left x'"):
        atlas(files)


@pytest.mark.parametrize("name", ["Lobule", "half of all", "brain stem", "lateral half", "Rolandic half"])
def test_names_that_tell_no_side_are_taken(files, name):
    files[1].write_text(files[1].read_text().replace("left half", name))
    assert name in atlas(files).region_names


@pytest.mark.parametrize("low", [(200.0, 200.0, 200.0), (-90.0, -130.0, -72.0)])
def test_a_box_beside_the_brain_is_refused(low):
    with pytest.raises(BadInput, match=r"Slab.low, high=.* give corners of a box with regions in it, which lie from"):
        Slab(INNER, low, tuple(end + 10 for end in low))


def with_region_8(files, *boxes):
    """The atlas with 'nowhere' drawn in boxes of its voxels."""
    image = nibabel.load(files[0])
    volume = np.asarray(image.dataobj).copy()
    for box in boxes:
        volume[box] = 8
    nibabel.save(nibabel.Nifti1Image(volume, image.affine), files[0])
    return atlas(files)


#: 180 voxels far outside the brain
CORNER = np.s_[:4, :5, 45:]


def test_an_atlas_with_a_fifth_of_a_region_far_outside_the_brain_is_refused(files):
    with pytest.raises(BadInput, match=r"180 of 780 voxels of 'nowhere' lie more than 10 mm outside the brain; give"):
        with_region_8(files, CORNER, np.s_[10:16, 30:40, 25:35])


def test_an_atlas_with_less_of_a_region_far_outside_the_brain_will_do(files):
    assert "nowhere" in with_region_8(files, CORNER, np.s_[10:18, 30:40, 25:35]).region_names


def test_regions_named_for_the_other_side_are_refused(files):
    files[1].write_text("index\tname\n9\tleft half\n7\tright half\n")
    says = r"voxels of 'left half' lie on the right, where left is x < 0; correct the affine or the names"
    with pytest.raises(BadInput, match=says):
        atlas(files)


def test_a_region_too_small_for_the_grid_is_refused_with_a_size_that_shows_it(files):
    named = with_region_8(files, np.s_[15:17, 30:32, 25:27])
    with pytest.raises(BadInput, match=r"'nowhere' has no voxels on this grid at 6 mm; use .* of 3 or finer"):
        Brain(Atrophy(("nowhere",)), anatomy=named)
    Brain(Atrophy(("nowhere",)), anatomy=atlas(files, MNI152(resolution_mm=3.0)))


def test_an_atlas_of_which_the_grid_shows_nothing_is_refused_for_its_sizes(files):
    image = nibabel.load(files[0])
    volume = np.zeros(image.shape, np.int16)
    volume[15:17, 30:32, 25:27], volume[15, 36, 25] = 7, 8
    nibabel.save(nibabel.Nifti1Image(volume, image.affine), files[0])
    with pytest.raises(BadInput, match=r"'left half' has no voxels on this grid at 6 mm; use .* of 3 or finer"):
        atlas(files)


def test_a_tissue_in_the_table_says_what_may_act_in_a_region(files):
    files[1].write_text("index\tname\ttissue\n9\tright half\tcsf\n7\tleft half\tany\n")
    Brain(Atrophy(("left half",)), anatomy=atlas(files))
    with pytest.raises(BadInput, match="Atrophy is for regions of grey matter, and 'right half' holds none"):
        Brain(Atrophy(("right half",)), anatomy=atlas(files))


def test_a_comma_separated_table_says_the_same(files):
    csv = files[1].with_suffix(".csv")
    csv.write_text("index,name\n9,right half\n7,left half\n")
    assert np.array_equal(Atlas(INNER, str(files[0]), str(csv)).template.labels, atlas(files).template.labels)


def test_the_temporal_slab_holds_what_it_is_for():
    slab = Slab(MNI152(resolution_mm=TEMPORAL["anatomy"]["resolution_mm"]), LOW, HIGH)
    assert slab.grid == (48, 40, 32)
    whole, part = slab.anatomy.template, slab.template
    inner = np.bincount(whole.labels.ravel())
    ours = np.bincount(part.labels.ravel())
    for side in ("left", "right"):
        for name in ("hippocampus", "amygdala", "parahippocampal gyrus", "temporal pole", "lateral ventricle"):
            region = f"{side} {name}"
            kept = ours[slab.region_names.index(region) + 1] / inner[slab.anatomy.region_names.index(region) + 1]
            assert kept == 1 or (kept > 0.8 and name == "lateral ventricle")
    np.testing.assert_allclose(part.affine[:3, 3], part.points[0, 0, 0])


def test_a_slab_is_a_window_on_the_same_head():
    slab = Slab(INNER, LOW, HIGH)
    window, seen, whole = slab.window, slab.warp(latents(slab)), INNER.warp(latents(INNER))
    np.testing.assert_allclose(seen.maps, whole.maps[:, *window], atol=1e-6)
    names, all_names = ("outside", *slab.region_names), ("outside", *INNER.region_names)
    for number, original in zip(seen.labels.ravel(), whole.labels[window].ravel(), strict=True):
        assert names[number] == all_names[original] or (number == 0 and all_names[original] not in names)


def test_a_slab_can_carry_a_pathology_and_needs_its_corners_in_order():
    brain = Brain(Atrophy(("left hippocampus",)), anatomy=Slab(INNER, LOW, HIGH), amplitude=0.5)
    assert brain.cohort((0, 1), "evaluation").truths["planted"].volume[1].abs().sum() > 0
    with pytest.raises(BadInput, match=r"Slab\.low=.* is not possible: give less than high="):
        Slab(INNER, HIGH, LOW)


def preset(name):
    values = yaml.safe_load((CONF / "shape" / f"{name}.yaml").read_text())
    return Shape(**{key: value for key, value in values.items() if key != "_target_"})


def spread(shape, subjects=20):
    """Standard deviation (mm) of where subjects' voxels lie in the template, and the smallest Jacobian."""
    anatomy = MNI152(resolution_mm=8.0, shape=shape)
    moves, smallest = [], np.inf
    for i in range(subjects):
        position = anatomy.position(latents(anatomy, i))
        slopes = np.stack([np.stack(np.gradient(position[..., k], 8.0), -1) for k in range(3)], -2)
        smallest = min(smallest, np.linalg.det(slopes).min())
        moves.append((position - anatomy.template.points)[anatomy.template.labels > 0])
    return np.std(moves), smallest


def test_each_registration_leaves_less_than_the_one_before():
    found = {name: spread(preset(name)) for name in ("none", "rigid", "affine", "template")}
    sizes = [size for size, _ in found.values()]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 1.5 * sizes[1] and sizes[3] < 0.8
    assert min(smallest for _, smallest in found.values()) > 0


def test_rigid_is_the_default_shape():
    assert preset("rigid") == Shape()


def test_registration_removes_parts_of_the_same_subject():
    """One draw, seen through each registration: what stays is the same field."""
    lattices = [
        MNI152(shape=preset(name)).draw(generator("test", 0, "anatomy"))["lattice"] for name in ("none", "affine")
    ]
    assert np.array_equal(*lattices)
