"""The stand-in computes what the CPU does, and names what a GPU would refuse, or draw otherwise."""

import numpy as np
import pytest
import torch
from standin import DEVICE, Device, Misplaced, StandIn
from torch import nn


@pytest.fixture
def images():
    with Device():
        yield torch.rand(2, 3, generator=torch.Generator().manual_seed(0)).to(DEVICE)


#: a fault of a plug-in, and what its refusal names
FAULTS = {
    "zeros of main memory": (lambda x: x + torch.zeros(2, 3), "aten.add.Tensor"),
    "noise of main memory": (lambda x: x + torch.randn(3), "aten.add.Tensor"),
    "noise of the device": (lambda x: x + torch.randn(3, device=x.device), "aten.randn.default draws"),
    "noise like it": (torch.rand_like, "aten.rand_like.default draws"),
    "a generator of main memory": (
        lambda x: torch.rand(3, device=x.device, generator=torch.Generator()),
        "aten.rand.generator draws",
    ),
    "noise in place": (lambda x: x.normal_(), "aten.normal_.default draws"),
    "its memory for NumPy": (lambda x: x.numpy(), "numpy() of a tensor"),
    "a copy by NumPy": (np.asarray, "NumPy is given a tensor"),
    "a function of NumPy": (np.abs, "NumPy is given a tensor"),
    "from NumPy": (lambda x: torch.from_numpy(np.ones((2, 3), np.float32)) * x, "aten.mul.Tensor"),
    "an index of the device": (lambda x: torch.ones(2, 3)[x > 0.5], "aten.index.Tensor: an index"),
    "a choice": (lambda x: x.where(x > 0.5, torch.ones(3)), "aten.where.self"),
    "rows": (lambda x: torch.cat([x, torch.ones(1, 3)]), "aten.cat.default"),
    "a layer of main memory": (nn.Linear(3, 1), "aten.addmm.default"),
    "a product": (lambda x: torch.ones(5, 2) @ x, "aten.mm.default"),
    "values put in": (lambda x: torch.ones(2, 3).index_put_((torch.tensor([0]),), x[0]), "aten.index_put_"),
    "in the way back": (lambda x: _Back.apply(x.clone().requires_grad_()).sum().backward(), "aten.mul.Tensor"),
}


class _Back(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, slope):
        return slope * torch.full((2, 3), 2.0)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_by_the_name_of_its_operation(images, fault):
    work, words = FAULTS[fault]
    with pytest.raises(Misplaced) as refusal:
        work(images)
    assert words in str(refusal.value)


#: what CUDA takes
ALLOWED = {
    "a single number": lambda x: x * torch.tensor(2.0),
    "a number of Python": lambda x: x + 1,
    "rows by numbers of main memory": lambda x: x[torch.tensor([1, 0])],
    "rows by a list": lambda x: x[[1]],
    "a mask of main memory": lambda x: x[torch.tensor([True, False])],
    "a copy into it": lambda x: x.clone().copy_(torch.ones(2, 3)),
    "numbers made there": lambda x: x + torch.tensor([1.0, 2.0, 3.0], device=x.device) + x.new_tensor([1.0]),
    "a range made there": lambda x: x + torch.arange(3, device=x.device),
    "dropout": lambda x: nn.functional.dropout(x, 0.5, training=True),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_cuda_takes_gives_the_values_of_the_cpu(images, name):
    results = []
    for x in (images, images.cpu()):
        torch.manual_seed(0)
        results.append(ALLOWED[name](x))
    assert isinstance(results[0], StandIn) and results[0].device == DEVICE
    assert torch.equal(results[0].cpu(), results[1])


def test_what_is_written_into_a_view_is_written():
    with Device():
        x = torch.zeros(2, 4, device=DEVICE)
        x[:, [0, 2]] = 5.0
        x.view(-1)[3] += 1
        x[1, None, 1:].mul_(2)
        assert x.tolist() == [[5, 0, 5, 1], [5, 0, 10, 0]]
