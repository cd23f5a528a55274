"""Every network on a device that is not the CPU is trained, or fits itself, to the weights of the CPU.

To the bit, but for what the device works out by other operations.
"""

import pytest
import torch
from there import assert_same, names, node, ran_there

from bench.checks.networks import SHAPE, ProbeTask
from bench.checks.visits import seen_twice
from bench.config.architecture import architecture
from bench.contracts import Batch
from bench.devices.moving import HOME
from bench.training.images import Images
from bench.training.training import Seeds, train

#: descent with dropout, and fits of their own
QUICK = {"sfcn", "shape_ridge", "shape_boosting"}
#: group norm is worked out by other operations where a device has none of its own, which round otherwise
ROUNDED = {"group_norm_cnn"}
RECIPE = {"epochs": 1, "batch": 4, "learning_rate": 1e-2, "weight_decay": 0.01, "patience": 1}


def batch(count, seed):
    images = torch.rand(count, 1, *SHAPE, generator=torch.Generator().manual_seed(seed))
    return Batch(images, torch.arange(count) % 2, torch.arange(count), visit=seen_twice)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.full]) for name in names("network")]
)
def test_training_ends_where_it_does_on_the_cpu(name):
    build = architecture(node("network", name), ProbeTask(SHAPE, 2), ())

    def trained(device):
        images = Images(batch(12, 0), batch(8, 1), batch(8, 2), batch(8, 3))
        model = train(images, build, RECIPE, Seeds(0, 0, 0), {"reached": 0.9, "pairs": {}}, device=device)
        records.append(model.record)
        return dict(model.model.state_dict())

    records = []
    here = trained(HOME)
    there, places = ran_there(trained)
    assert {place.type for place in places} == {"meta"}
    if name in ROUNDED:
        # a step of the optimiser is 0.01: where a slope is near zero its sign may turn, and no more
        torch.testing.assert_close(there, here, rtol=0, atol=1e-3)
    else:
        assert_same(there, here)
        assert records[0] == records[1]
