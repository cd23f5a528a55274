"""Portraits: the right patients, the right slices, the right sides, and a figure from any cohort."""

from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
import torch

from bench.contracts import BadInput, Cohort, Truth
from bench.explore.export.origins import origin
from bench.explore.portraits import picture, portrait
from bench.report.figures import slices
from bench.report.figures.compose import ZOOM
from bench.report.figures.portrait import PLANES, Cut, centre, cropped_portrait, draw
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.several import Several
from simulators.task.graded import Graded
from simulators.task.patterns import Patterns

SHAPE = (10, 12, 9)
AFFINE = np.array([[6.0, 0, 0, -30], [0, 6, 0, -36], [0, 0, 6, -24], [0, 0, 0, 1]])


def cohort(targets, sizes):
    """Brains of ones in a box; subject i has a cube of its own size of change at voxel (7, 3, 4)."""
    count = len(targets)
    domain = torch.zeros((count, 1, *SHAPE), dtype=torch.bool)
    domain[:, :, 2:9, 2:10, 1:8] = True
    twins = 0.5 * domain.float()
    planted = torch.zeros_like(twins)
    for i, size in enumerate(sizes):
        planted[i, 0, 6:9, 2:5, 3:6] = size
    regions = domain.to(torch.int16) * (1 + (torch.arange(SHAPE[0]) >= 5).to(torch.int16)[:, None, None])
    truths = {"counterfactual": Truth("counterfactual", planted), "planted": Truth("planted", 2 * planted)}
    names = ("left half", "right half")
    return Cohort(
        twins + planted, torch.tensor(targets), torch.arange(count), twins, regions, domain, truths, names, AFFINE
    )


@pytest.fixture(scope="module")
def shown():
    targets = [0, 1, 0, 1, 1, 1]
    return portrait("a_name", cohort(targets, [0.9, 0.1, 0.0, 0.3, 0.2, 0.05]), torch.tensor(targets))


def test_patients_with_the_largest_change_are_shown(shown):
    assert [c.split(",")[0] for c in shown.captions] == ["subject 3", "subject 4", "subject 1"]
    assert "largest change 0.3" in shown.captions[0]


@pytest.mark.parametrize(
    ("task", "targets", "patients"),
    [
        (
            Patterns((((0, 0),), ((1, 0),), ((0, 1),))),
            [0, 2, 1, 1, 2, 0],
            [2, 3],
        ),  # the contrast of 1 and 0; class 2 stands on neither side
        # values above their mean
        (Graded(), [0.1, 0.9, 0.2, 0.8, 0.7, 0.0], [1, 3, 4]),
    ],
)
def test_patients_are_who_the_simulator_says(task, targets, patients):
    """Class 2 of a contrast of two others is no patient, nor is everyone of a regression."""
    parts = Several((Atrophy(("left hippocampus",)), Atrophy(("right hippocampus",))), (None, None))
    sides = Brain(parts, task=task).sides(torch.tensor(targets))
    drawn = portrait("a", cohort(targets, [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]), sides)
    assert [c.split(",")[0] for c in drawn.captions] == [f"subject {i}" for i in patients]


def test_no_patient_is_said():
    with pytest.raises(BadInput, match="needs a patient"):
        portrait("a", cohort([0, 0], [0.1, 0.1]), torch.tensor([0, -1]))


def test_a_truth_that_is_the_difference_is_named_not_repeated(shown):
    assert shown.same == ("counterfactual",)
    assert set(shown.truths) == {"planted"}


def test_cuts_go_through_the_change(shown):
    assert centre(shown.change[0], shown.domain[0], shown.spacing) == (7, 3, 4)
    narrow = cropped_portrait(shown)
    at = centre(narrow.change[0], narrow.domain[0], narrow.spacing)
    np.testing.assert_allclose(narrow.affine @ (*at, 1), AFFINE @ (7, 3, 4, 1))


def test_a_centre_lies_in_the_brain():
    change = np.zeros((5, 5, 5))
    change[0, 0, 0], change[3, 3, 3] = 9, 1
    domain = np.zeros((5, 5, 5), bool)
    domain[2:, 2:, 2:] = True
    assert centre(change, domain, np.full(3, 50.0)) == (3, 3, 3)


def test_letters_stand_where_they_belong():
    """A voxel at the far right, front and top of the subject appears at the letters R, A and S."""
    volume = np.zeros((1, 3, 4, 5))
    volume[0, -1, -1, -1] = 1
    ends = {}
    for view in PLANES:
        picture = Cut(0, view.axis, volume.shape[view.axis + 1] - 1).of(volume)
        (row,), (column,) = np.nonzero(picture)
        left, right, bottom, top = view.letters
        ends[view.name] = {right if column else left, bottom if row else top}
        assert view.size(volume.shape[1:]) == picture.shape[::-1]
    assert ends == {"sagittal": {"A", "S"}, "coronal": {"R", "S"}, "axial": {"R", "A"}}


def test_volumes_stored_from_right_to_left_are_turned(shown):
    """Flipping the voxels and the affine together changes nothing that is seen."""
    plain = cohort([0, 1], [0.0, 0.3])
    flipped_affine = AFFINE @ np.array([[-1, 0, 0, SHAPE[0] - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])

    def flip(volumes):
        return volumes.flip(2)

    truths = {name: replace(truth, volume=flip(truth.volume)) for name, truth in plain.truths.items()}
    volumes = {name: flip(getattr(plain, name)) for name in ("images", "twins", "regions", "domain")}
    flipped = replace(plain, **volumes, truths=truths, affine=flipped_affine)
    other, same = (portrait("a", brains, brains.targets) for brains in (flipped, plain))
    np.testing.assert_array_equal(other.images, same.images)
    np.testing.assert_array_equal(other.regions, same.regions)
    np.testing.assert_allclose(other.affine, same.affine)


def test_the_picture_repeats_and_has_a_column_a_truth(shown, tmp_path):
    first = picture(shown)
    assert first == picture(shown)
    more = picture(replace(shown, truths={**shown.truths, "edit": shown.change * 3}))
    sizes = []
    for name, data in (("a", first), ("b", more)):
        (tmp_path / f"{name}.png").write_bytes(data)
        sizes.append(matplotlib.image.imread(tmp_path / f"{name}.png").shape)
    assert sizes[1][1] > sizes[0][1]


@pytest.mark.parametrize("truths", [0, 4])
def test_a_long_label_stays_on_the_page(shown, truths, tmp_path):
    label = "MTL atrophy-anatomy-scans-anatomy.folder-scans-anatomy.resolution_mm-7.0-separability-0.9-" * 2
    more = {f"truth {k}": shown.change for k in range(truths)}
    figure = draw(replace(shown, title=label, truths=more, origin=origin("scans", "FLAIR").words))
    page = figure.bbox
    for text in figure.texts:
        box = text.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, text.get_text()
    title, facts, *heads = (text.get_window_extent() for text in figure.texts[:4])
    assert title.y0 > facts.y1 and facts.y0 > max(head.y1 for head in heads)


def test_a_heading_of_more_lines_leaves_less_room_for_pictures_on_a_full_page(shown):
    short, long = (draw(replace(shown, title=title)).get_figwidth() for title in ("a", "a label-" * 20))
    assert long < short


def test_signed_values_have_no_colour_outside_the_brain():
    values, inside = np.array([[-1.0, 1.0]]), np.array([[True, False]])
    made = slices.signed(values, 1.0, inside)
    blue, outside = made[0, 0], made[0, -1]
    assert blue[2] > blue[0] and not outside.any()


def test_outlines_run_inside_each_region_and_keep_the_rest():
    labels = np.array([[0, 1, 2, 2]])
    base, colours = np.full((ZOOM, 4 * ZOOM, 3), 0.5), slices.palette(("left a", "right a"))
    made = slices.outlines(base, labels, colours)
    assert (made[:, :ZOOM] == 0.5).all()
    np.testing.assert_allclose(made[0, ZOOM], colours[1])
    np.testing.assert_allclose(made[0, 2 * ZOOM], colours[2])
    assert (made[ZOOM // 2, 3 * ZOOM] == 0.5).all()


def test_counterparts_share_a_colour_and_others_do_not():
    colours = slices.palette(tuple(f"{side} r{k}" for k in range(31) for side in ("left", "right")))
    assert len(colours) == 63
    assert (colours[1::2] == colours[2::2]).all()
    assert len({tuple(c) for c in colours[1:]}) == 31
