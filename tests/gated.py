"""A network with a gate, for tests of methods and of passes."""

import torch
from torch import Tensor

from bench.checks.method_probe import Plain


class Gated(Plain):
    """Ends in activations that a sigmoid of their own mean lets through."""

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (N, classes)."""
        x = self.relu(0, self.norm1(self.conv1(x)))
        x = self.conv2(x * torch.sigmoid(x.mean(1, keepdim=True)))
        return self.head(x.mean((2, 3, 4)))
