"""One small classifier a region: what regions say is added up, so that every region's part of the outputs is known."""

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Between, Count, bounded
from bench.networks._regions import even_maps, members


@bounded
class Regional(nn.Module):
    """Small networks read each region at random voxels; their mean is its K scores, whose sum is the outputs.

    As in the published network, several networks per region see random voxels and are averaged. Unlike there, regions
    are trained together, and their scores are added (as log-odds of independent witnesses are) where a second network
    was trained on probabilities: the outputs then are exactly what the map says, and no region's score need be
    calibrated by itself.

    in_shape: (D, H, W). outputs: K. regions: (D, H, W) labels, 0 outside. teams: networks per region. voxels: each
    network sees, drawn with replacement from its region when the network is built. hidden: units of each network.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Lee et al. 2019, Medical Image Analysis 58:101625, doi:10.1016/j.media.2019.101625"
    summary: ClassVar[str] = "Small networks read each region at random voxels; what regions say is added up."
    seen: Tensor
    own: Tensor

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        regions: Tensor | None = None,
        teams: Annotated[int, Between(1, 100)] = 2,
        voxels: Count = 48,
        hidden: Annotated[int, Between(1, 1000)] = 4,
    ) -> None:
        super().__init__()
        self.shape, self.teams = tuple(in_shape), teams
        masks = members("regional", in_shape, regions)
        self.register_buffer("own", masks, persistent=False)
        self.register_buffer("seen", torch.multinomial(masks.float(), teams * voxels, replacement=True))
        groups = len(masks) * teams
        # voxels stand in channels: a grouped convolution of one place is one linear layer a network
        self.norm = nn.BatchNorm3d(groups * voxels)
        self.first = nn.Conv3d(groups * voxels, groups * hidden, 1, groups=groups)
        self.relu = nn.ReLU()
        self.last = nn.Conv3d(groups * hidden, groups * outputs, 1, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.scores(x).sum(1)

    def scores(self, x: Tensor) -> Tensor:
        """Scores of every region: (N, R, K), regions in the order of their labels."""
        read = x.flatten(1)[:, self.seen.flatten()][:, :, None, None, None]
        evidence = self.last(self.relu(self.first(self.norm(read))))
        return evidence.reshape(len(x), len(self.own), self.teams, -1).mean(2)

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`risk`: (N, K, D, H, W) in units of the outputs, each region's scores even over it."""
        return {"risk": even_maps(self.scores(x).movedim(1, 2), self.own, self.shape)}
