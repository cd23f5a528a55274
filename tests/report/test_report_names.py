"""What a name in a table says is split where it was joined, and nowhere else."""

import pytest

from bench.columns.metric_names import QUANTITIES, LayerStep, MetricName, RegionColumn
from bench.columns.region_names import RegionName


@pytest.mark.parametrize("name", [MetricName("deletion"), MetricName("mean_maps", "patients_left x_y.z")])
def test_a_metric_s_name_reads_back(name):
    assert MetricName.of(str(name)) == name
    assert str(MetricName("deletion")) == "deletion"


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_column_of_a_region_reads_back(quantity):
    column = RegionColumn(quantity, "left occipital_pole")
    assert RegionColumn.of(str(column)) == column


def test_columns_of_no_region_and_no_layer_say_so():
    for column in ("", "floor", "profile", "t", "tt_left x", "layer_1_of_4"):
        assert RegionColumn.of(column) is None
    for column in ("", "floor", "layer_1_of_", "layer_1_of_4x", "t_layer_1_of_4"):
        assert LayerStep.of(column) is None
    assert LayerStep.of(str(LayerStep(2, 11))) == LayerStep(2, 11)


@pytest.mark.parametrize("name", ["left hippocampus", "right frontal white matter", "brain stem", "leftover", "left"])
def test_a_region_s_name_reads_back(name):
    assert str(RegionName.of(name)) == name
    assert RegionName.of(name).other.other == RegionName.of(name)


def test_sides_are_told_apart_and_the_midline_is_its_own_other_side():
    left, stem = RegionName.of("left lateral ventricle"), RegionName.of("brain stem")
    assert str(left.other) == "right lateral ventricle" and left.other.first == left.first == left
    assert stem.side == RegionName.of("leftover").side == "" and stem.other == stem.first == stem
