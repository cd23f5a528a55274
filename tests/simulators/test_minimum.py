"""The smallest lesion that a grid can carry."""

import math

import pytest

from bench.contracts import BadInput
from simulators.anatomy.minimum import require_lesion


def test_a_lesion_smaller_than_a_voxel_is_refused_and_the_mended_one_is_not():
    says = r"pathology\.radius_mm=2 is a lesion smaller than a voxel of 7 mm; use 4\.4 mm or more, .* of 3\.2 or finer"
    with pytest.raises(BadInput, match=says):
        require_lesion("pathology.radius_mm", 2.0, 7.0)
    require_lesion("pathology.radius_mm", 4.4, 7.0)
    require_lesion("pathology.radius_mm", 2.0, 3.2)


def test_a_ball_of_a_voxels_volume_is_large_enough():
    radius = (3 / (4 * math.pi)) ** (1 / 3) * 7.0
    require_lesion("radius", radius * (1 + 1e-9), 7.0)
    with pytest.raises(BadInput):
        require_lesion("radius", radius * (1 - 1e-6), 7.0)
