import pytest
import torch
from captum.attr import Deconvolution
from captum.attr import GuidedBackprop as CaptumGuided

from bench.checks.method_probe import STYLES, Plain, SmallResNet, probes, randomised
from methods.guided import DeconvNet, GuidedBackprop

PAIRS = [(GuidedBackprop(), CaptumGuided), (DeconvNet(), Deconvolution)]
IMAGES = probes()[0].images.double()


@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.parametrize(("method", "captum"), PAIRS)
@pytest.mark.parametrize("network", [Plain, SmallResNet])
@pytest.mark.parametrize("style", STYLES)
def test_it_is_captums_on_module_relus_and_the_same_however_relus_are_written(method, captum, network, style):
    modules = randomised(network("module"), 0).double()
    expected = captum(modules).attribute(IMAGES.clone().requires_grad_(), target=1).detach()
    found = method(randomised(network(style), 0).double(), IMAGES, 1)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-13)
    plain = torch.autograd.grad(modules(x := IMAGES.clone().requires_grad_())[:, 1].sum(), x)[0]
    assert not torch.allclose(found, plain)
