"""Networks that can be built, and not used."""

from torch import nn

from bench.networks.linear import Linear


class Tied(Linear):
    """Linear, behind two layers that share one weight."""

    def __init__(self, in_shape, outputs, **more):
        super().__init__(in_shape, outputs, **more)
        self.square, self.again = nn.Conv3d(1, 1, 1), nn.Conv3d(1, 1, 1)
        self.again.weight = self.square.weight

    def forward(self, x):
        return super().forward(self.again(self.square(x)))


class Narrow(nn.Module):
    """Reads images of one size, whatever it is built for."""

    version = reference = "1"
    summary = "One linear layer for images of 16 x 24 x 16 voxels."

    def __init__(self, in_shape, outputs):
        super().__init__()
        self.readout = nn.Linear(16 * 24 * 16, outputs)

    def forward(self, x):
        return self.readout(x.flatten(1))
