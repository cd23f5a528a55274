"""Where a focal lesion lies: anywhere in white matter, in named regions, or always in their middle."""

import numpy as np
import pytest

from bench.contracts import BadInput
from simulators.brain import Brain
from simulators.pathology.focal import Focal
from simulators.space.place import Place

FRONTAL = ("right frontal white matter", "right thalamus")


def _drawn(law, count=200):
    """Place, and centres (n, 3) in voxels of many lesions in one subject."""
    brain = Brain(law, amplitude=0.3)
    place = Place(brain.scene(1, "test").warped, brain.region_names, brain.anatomy.resolution_mm)
    rng = np.random.default_rng(0)
    return place, np.stack([law.draw(rng, place)["centre"] for _ in range(count)])


def test_lesion_lies_in_the_regions_that_were_named_and_in_all_of_them():
    place, centres = _drawn(Focal(regions=FRONTAL))
    at = tuple(np.rint(centres).astype(int).T)
    assert place.within(FRONTAL)[at].all()
    assert all(place.within((region,))[at].any() for region in FRONTAL)


def test_fixed_lesion_lies_in_the_middle_to_half_a_voxel():
    place, centres = _drawn(Focal(regions=FRONTAL[:1], fixed=True))
    assert np.ptp(centres, axis=0).max() < 1
    assert np.abs(centres.mean(0) - np.argwhere(place.within(FRONTAL[:1])).mean(0)).max() < 2


def test_without_regions_it_lies_in_white_matter_away_from_the_surface():
    place, centres = _drawn(Focal())
    assert (place.warped.maps[1][tuple(np.rint(centres).astype(int).T)] > 0.4).all()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Focal(fixed=True), "Focal.fixed=True"),
        (lambda: Brain(Focal(regions=("right thalamos",))), "right thalamus"),
    ],
)
def test_impossible_place_is_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)
