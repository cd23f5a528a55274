"""Which models are compared: those that count in every other table."""

from types import SimpleNamespace

import pytest
import torch

from bench.contracts import Attribution, Truth
from bench.plan.cells import Cells
from bench.stages.compare import COMPARE, compared_models
from bench.stages.stage import Given

FEW = ("method=[random]", "metric=[retraining_stability]")


@pytest.fixture
def cell(planned):
    study = planned(*FEW)
    return comparison(study)


def comparison(study):
    return Cells(study).cell(COMPARE, study.groups[0], "random", "retraining_stability")


def given(cell, passed):
    """What a comparison is given, with maps that hold the number of their model."""
    values = {}
    for row, good in enumerate(passed):
        values[cell.parts["models"][row].key] = SimpleNamespace(record={"passed": good})
        values[cell.parts["maps"][row].key] = Attribution(torch.full((2, 1, 3, 3, 3), float(row)))
        values[cell.parts["uses"][row].key] = Truth("use", regions=torch.full((2, 4), float(row)))
    values |= {c.key: Attribution(torch.zeros(2, 1, 3, 3, 3)) for c in cell.parts["untrained"]}
    return Given(None, cell, lambda asked: values[asked.key], lambda share: None, lambda key, make: make())


@pytest.mark.parametrize(
    ("passed", "counted"),
    [([True, False, True, True], [0, 2, 3]), ([False] * 4, [0, 1, 2, 3]), ([True] * 4, [0, 1, 2, 3])],
)
def test_models_below_the_gate_are_left_out_unless_there_are_no_others(cell, passed, counted):
    found = compared_models(given(cell, passed))
    assert found.maps[:, 0, 0, 0, 0, 0].tolist() == [use.regions[0, 0].item() for use in found.uses] == counted
    seeds = [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert list(zip(found.data_seeds, found.model_seeds, strict=True)) == [seeds[row] for row in counted]


def test_a_network_before_training_is_explained_once_an_initialisation(planned):
    study = planned(*FEW, "seed.init=[0,1]", "seed.order=[0,1]")
    group = comparison(study)
    assert [c.unit.init_seed for c in group.parts["untrained"]] == [0, 1]
    assert len(group.parts["maps"]) == 2 * 2 * 2
