"""The smallest lesion that a grid can carry."""

import pytest

from bench.contracts import BadInput
from simulators.anatomy.minimum import require_lesion
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.pathology.focal import Focal
from simulators.pathology.lesion_load import LesionLoad
from simulators.pathology.white_matter_lesions import WhiteMatterLesions


def test_a_lesion_smaller_than_a_voxel_is_refused_and_the_mended_one_is_not():
    says = r"pathology\.smallest_ml=0\.2 is not possible: give 0\.343 ml or more, .* 7 mm .* 5\.84 or"
    with pytest.raises(BadInput, match=says):
        require_lesion("pathology.smallest_ml", 0.2, 7.0)
    require_lesion("pathology.smallest_ml", 0.343, 7.0)
    require_lesion("pathology.smallest_ml", 0.2, 5.84)


@pytest.mark.parametrize("law", [Focal, LesionLoad, WhiteMatterLesions])
def test_families_of_lesions_are_held_to_it_and_a_finer_grid_carries_smaller_ones(law):
    with pytest.raises(
        BadInput,
        match=r"smallest_ml=0\.03 is not possible: give 0\.343 ml or more, as a lesion smaller than a voxel of 7 mm",
    ):
        Brain(law(smallest_ml=0.03), MNI152(7.0))
    Brain(law(smallest_ml=0.03), MNI152(3.0))
