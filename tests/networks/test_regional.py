"""The regional network: each region is read from its own voxels, and the outputs are the sum of its map."""

import pytest
import torch

from bench.checks.method_probe import randomised
from bench.checks.networks import ProbeTask
from bench.contracts import BadInput
from bench.networks.regional import Regional
from methods.gradients import Gradient, GradientXInput
from methods.relevance import LRP0

GRID = (8, 12, 10)
labels = ProbeTask(GRID, 2).atlas


def network(**parameters):
    torch.manual_seed(0)
    return randomised(Regional(GRID, 2, labels, **parameters), 1).double()


def images(count=3):
    return torch.rand(count, 1, *GRID, generator=torch.Generator().manual_seed(1)).double()


def test_scores_are_means_of_small_networks_one_at_a_time():
    """A loop over regions and teams, with the weights cut out of the grouped layers."""
    torch.manual_seed(0)
    model, x = Regional(GRID, 2, labels, teams=2, voxels=6, hidden=3).eval(), images().float()
    for row, seen in enumerate(model.seen):
        said = 0
        for team, voxels in enumerate(seen.split(6)):
            group = 2 * row + team
            weight, bias = (
                p[3 * group : 3 * group + 3].flatten(1) for p in (model.first.weight, model.first.bias[:, None])
            )
            hidden = torch.relu(x.flatten(1)[:, voxels] / (1 + model.norm.eps) ** 0.5 @ weight.T + bias.T)
            weight, bias = (
                p[2 * group : 2 * group + 2].flatten(1) for p in (model.last.weight, model.last.bias[:, None])
            )
            said = said + (hidden @ weight.T + bias.T) / 2
        torch.testing.assert_close(model.scores(x)[:, row], said)


def test_each_region_is_read_from_its_own_voxels():
    model = network()
    for row, seen in enumerate(model.seen):
        assert (labels.flatten()[seen] == row + 1).all()
    x = images()
    for region in (1, 6):
        other = x + (labels != region)
        torch.testing.assert_close(model.scores(other)[:, region - 1], model.scores(x)[:, region - 1])


def test_the_map_sums_to_the_outputs_region_by_region():
    model, x = network(), images()
    maps, scores = model.intrinsic(x)["risk"], model.scores(x)
    torch.testing.assert_close(maps.sum((2, 3, 4)), model(x))
    for region in range(1, 9):
        torch.testing.assert_close(maps[:, :, labels == region].sum(2), scores[:, region - 1])
    assert not maps[:, :, labels == 0].any()


def test_labels_may_have_gaps():
    model = randomised(Regional(GRID, 2, torch.where(labels == 4, 0, 10 * labels)), 0)
    assert model.scores(images().float()).shape == (3, 7, 2)


def test_other_seeds_see_other_voxels():
    torch.manual_seed(1)
    other = Regional(GRID, 2, labels)
    assert not torch.equal(other.seen, network().seen)
    other.load_state_dict(network().float().state_dict())
    assert torch.equal(other.seen, network().seen)


def test_gradients_and_relevance_explain_it():
    """LRP-0 equals gradient x input on ReLU networks, so rules met every operation."""
    model, x = network(), images()
    slope = Gradient()(model, x, (1, 0))
    assert slope.std() > 0 and not slope[:, :, labels == 0].any()
    torch.testing.assert_close(LRP0()(model, x, (1, 0)).map, GradientXInput()(model, x, (1, 0)).map)


def test_what_cannot_be_built_is_refused():
    with pytest.raises(BadInput, match="given none"):
        Regional(GRID, 2)
