"""A model with the subjects that its views look at."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from bench.contracts import Batch, Simulator, Unsupported
from bench.explore.views.layers import readout_features
from bench.passes.forward import forward
from bench.passes.scores import explained
from bench.report.load.panels import coordinate


@dataclass(frozen=True)
class Seen:
    """A model, its calibrated simulator with the data seed it was trained on, and the subjects that are looked at.

    name: of network and simulator. train: subjects it was trained on; test: the first of the stream `test`, in order.
    affine: voxel to mm of their images, no rotation.
    """

    name: str
    model: nn.Module
    simulator: Simulator
    train: Batch
    test: Batch
    affine: np.ndarray = field(default_factory=lambda: np.eye(4))

    def place(self, at: int, length: int) -> str:
        """The coordinate of coronal slice `at` of a volume of `length` slices, which covers all of an image."""
        voxel = (at + 0.5) * self.test.images.shape[3] / length - 0.5
        return coordinate("coronal", float(self.affine[1, 1] * voxel + self.affine[1, 3]))

    @cached_property
    def latent(self) -> Tensor:
        """Features (N, F) of the test subjects."""
        return readout_features(self.model, self.test.images)

    @cached_property
    def known(self) -> pd.DataFrame:
        """The latents behind the test subjects, a row each.

        Raises:
            Unsupported: for a simulator that keeps no record of what it draws.
        """
        rows = [self.simulator.record(i, "test") for i in range(len(self.test))]
        if not any(rows):
            raise Unsupported("this simulator has no `record` of what it draws")
        return pd.DataFrame(rows)

    @cached_property
    def scores(self) -> Tensor:
        """(N,) explained scores of the test subjects."""
        return explained(forward(self.model, self.test.images), self.simulator.target)

    @property
    def patients(self) -> Tensor:
        """(N,) bool: test subjects on the patients' side of the task."""
        return torch.as_tensor(self.simulator.sides(self.test.targets) == 1)
