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


class WritesIntoItsImages(_Small):
    def forward(self, x):
        with torch.no_grad():
            x -= x.mean((1, 2, 3, 4), keepdim=True)
        return super().forward(x)


class Wavering(_Small):
    def forward(self, x):
        return super().forward(x) + 1e-6 * torch.randn(len(x), 1)


class HiddenDraw(_Small):
    """What it draws is in no parameter and no buffer."""

    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.gain = torch.rand(())

    def forward(self, x):
        return super().forward(x) * self.gain


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


class CoarseMap(_Small):
    def intrinsic(self, x):
        return {"gate": self.conv(x).mean(1, keepdim=True)[:, :, ::2]}


class Forgetful(nn.Module):
    """Its state is learnt into an attribute."""

    def __init__(self, in_shape, outputs):
        super().__init__()
        self.outputs, self.halfway = outputs, 0.0

    def forward(self, x):
        score = x[:, 0, : x.shape[2] // 2].mean((1, 2, 3)) - self.halfway
        return torch.stack([k * score for k in range(self.outputs)], 1)

    def fit(self, train, validation, generator):
        self.halfway = train.images[:, :, : train.images.shape[2] // 2].mean().item()


class Misstated(nn.Module):
    """It says that it reads one voxel, and reads two."""

    mechanism, wrapping, parts = "sum", "plain", ("a voxel",)

    def __init__(self, in_shape, outputs):
        super().__init__()
        self.outputs = outputs
        self.register_buffer("voxels", torch.zeros(1, *in_shape, dtype=torch.bool), persistent=False)
        self.register_buffer("states", torch.zeros(2, 1))
        self.voxels[0, 3, 3, 3] = True

    def fit(self, train, validation, generator):
        pass

    def readings(self, x):
        return x[:, 0, 3, 3, 3:4].double()

    def score(self, readings):
        return readings[:, 0]

    def forward(self, x):
        score = x[:, 0, 3, 3, 3] + x[:, 0, 3, 3, 4]
        return torch.stack([k * score for k in range(self.outputs)], 1)


BROKEN = {
    "check_outputs": OneLogit,
    "check_input": WritesIntoItsImages,
    "check_determinism": Wavering,
    "check_batch": BatchMean,
    "check_gradient": DeadBranch,
    "check_initialisation": FixedWeights,
    "check_state": HiddenDraw,
    "check_reset": BareParameter,
    "check_intrinsic": CoarseMap,
    "check_fit": Forgetful,
    "check_mechanism": Misstated,
}
