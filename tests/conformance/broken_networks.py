"""One wrong network per check: it must fail that check and no other."""

import torch
from torch import nn


class _Small(nn.Module):
    def __init__(self, in_shape, outputs):
        super().__init__()
        self.conv = nn.Conv3d(1, 4, 3, padding=1)
        self.readout = nn.Linear(4, outputs)

    def forward(self, x):
        return self.readout(self.conv(x).relu().mean((2, 3, 4)))


class OneLogit(_Small):
    def forward(self, x):
        return super().forward(x)[:, :1]


class BatchMean(_Small):
    def forward(self, x):
        return super().forward(x - x.mean())


class DeadBranch(_Small):
    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.unused = nn.Linear(2, 2)


class FixedWeights(_Small):
    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        with torch.no_grad():
            for p in self.parameters():
                p.fill_(0.1)


class BareParameter(_Small):
    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.gain = nn.Parameter(torch.ones(outputs))

    def forward(self, x):
        return super().forward(x) * self.gain


BROKEN = {
    "check_outputs": OneLogit,
    "check_batch": BatchMean,
    "check_gradient": DeadBranch,
    "check_initialisation": FixedWeights,
    "check_reset": BareParameter,
}
