"""Methods and metrics work at the smallest values, the largest and the choices that they declare possible.

Not beside an end that is itself impossible: 5e-324 is a width that float32 does not have.
"""

import pytest
import torch
from test_bounds import FOUND, WITH, made

from bench.checks import method_run, metric_values
from bench.checks.method_probe import probes
from bench.checks.metric_probe import probe
from bench.contracts import BadInput, Unsupported
from metrics.infidelity import Infidelity


def cases(package):
    """Every bounded argument of a package's plug-ins at every outermost value that is possible."""
    return [
        pytest.param(node, {name: value}, id=f"{target.rpartition('.')[2]}-{name}-{value}")
        for (target, name), (_, node, possible, _) in FOUND.items()
        # how many subjects are judged is what the harness heeds
        if target.startswith(f"{package}.") and name != "subjects"
        for value in possible
        if all(isinstance(v, str) or float(v).is_integer() for v in (value if isinstance(value, tuple) else [value]))
    ]


def built(node, changed):
    return made(node, **changed, **{k: v for name in changed for k, v in WITH.get(name, {}).items() if k in node})


@pytest.mark.parametrize(("node", "changed"), cases("methods"))
def test_a_method_has_finite_maps_or_says_what_to_give(node, changed):
    method, world = built(node, changed), probes()[0]
    try:
        found = method_run.map_of(method, world)
    except (BadInput, Unsupported) as error:
        # of these the least depends on the network, or on the regions
        assert "channels=6 or more" in str(error) or "give at least 16 for 8 regions" in str(error)
        return
    assert found.shape == world.images.shape and found.isfinite().all()


@pytest.mark.parametrize(("node", "changed"), cases("metrics"))
def test_a_metric_has_values_of_the_shape_it_always_has(node, changed):
    metric, plain = built(node, changed), made(node)
    if not hasattr(metric, "tags"):
        metric, plain = Infidelity(metric), Infidelity(plain)
    found, usual = (metric_values.values(one, probe()) for one in (metric, plain))
    for name in found.keys() & usual.keys():
        assert found[name].shape == usual[name].shape
        assert torch.equal(found[name].isfinite(), usual[name].isfinite())
