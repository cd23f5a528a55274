"""Every metric that runs models gives, on a device that is not the CPU, the scores of the CPU, to the bit."""

import pytest
from there import assert_same, names, plugin, ran_there

from bench.checks.metric_probe import probe, probe_network
from bench.checks.metric_values import values
from bench.devices.moving import HOME, moved
from bench.stages.measure import RUNNING

#: asked in the full matrix alone, as it takes seconds
DEAR = {"cascading_randomisation"}
METRICS = {name: plugin("metric", name) for name in names("metric")}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.full] if name in DEAR else [])
        for name, metric in METRICS.items()
        if metric.tags.kind in RUNNING
    ],
)
def test_its_scores_are_those_of_the_cpu(name):
    def scores(device):
        return values(METRICS[name], moved(probe(), device), moved(probe_network(), device))

    here = scores(HOME)
    there, _ = ran_there(scores)
    assert here.keys() == there.keys()
    assert_same(there, here)
