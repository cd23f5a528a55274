"""A network that looks at one place after the other: what it saw decides where it looks next and what it says."""

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d

from bench.contracts import Between, Count, bounded
from bench.networks._parts import divisible


@bounded
class Glimpse(nn.Module):
    """`steps` glimpses of size^3 readings each, gathered by a recurrent network; what its states say is added up.

    A glimpse is a product of Gaussian filters along each axis, evenly spaced about a centre; centre and spacing are
    emitted by a second recurrent state, and the filters are as wide as half their spacing. So the glimpse moves and
    zooms smoothly, and where to look is learnt by gradient descent, without the sampling and policy gradient of the
    published networks.

    context: whether the second state starts from a coarse view of the image (means of 4 x 4 x 4 voxels), or from a
    learnt constant, the same for all images. It decides where to look first; the outputs never see it directly.

    in_shape: (D, H, W), divisible by 4. outputs: K. size: readings per axis. state: units of each recurrent state.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Ba, Mnih & Kavukcuoglu 2015, ICLR, arXiv:1412.7755; Wood et al. 2019, arXiv:1910.04721; "
        "filters of Gregor et al. 2015, ICML, arXiv:1502.04623"
    )
    summary: ClassVar[str] = "Looks at a few places in turn, each chosen by what it saw before."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        steps: Annotated[int, Between(1, 100)] = 4,
        size: Annotated[int, Between(2, 100)] = 6,
        state: Count = 32,
        context: bool = True,
    ) -> None:
        super().__init__()
        divisible(self, in_shape, COARSE)
        self.size = size
        self.begin = _Context(in_shape, state) if context else _Start(state)
        self.emission = _Emission(steps, state)
        # every step normalises by itself: readings of different places differ more than those of different images
        self.norms = nn.ModuleList(nn.BatchNorm1d(size**3) for _ in range(steps))
        self.look = _Look(size, state)
        self.memory, self.gaze = nn.GRUCell(state, state), nn.GRUCell(state, state)
        self.readout = nn.Linear(state, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self._browse(x)[0]

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`density`: (N, 1, D, H, W), how much each voxel weighed in the readings of all glimpses; sums to 1."""
        seen = [filters for filters, _ in self._browse(x)[1]]
        parts = [torch.einsum("nd,nh,nw->ndhw", *(f.mean(1) for f in filters)) for filters in seen]
        density = torch.stack(parts).sum(0)
        return {"density": (density / density.sum((1, 2, 3), keepdim=True))[:, None]}

    def trajectory(self, x: Tensor) -> Tensor:
        """Centres of the glimpses in voxels: (N, steps, 3)."""
        return torch.stack([centre for _, centre in self._browse(x)[1]], 1)

    def _browse(self, x: Tensor) -> tuple[Tensor, list[tuple[list[Tensor], Tensor]]]:
        shape = x.shape[2:]
        gaze, memory = self.begin(x), x.new_zeros(len(x), self.memory.hidden_size)
        answers, visited = [], []
        for step, norm in enumerate(self.norms):
            where = self.emission(gaze, step)
            filters, centre = gaussians(where, shape, self.size)
            memory = self.memory(self.look(norm(glimpsed(x, filters)), where), memory)
            gaze = self.gaze(memory, gaze)
            answers.append(self.readout(memory))
            visited.append((filters, centre))
        return torch.stack(answers).sum(0), visited


#: voxels per axis of the coarse view of the image that may decide where to look first
COARSE = 4


class _Context(nn.Module):
    """The first state of the gaze from the coarse image."""

    def __init__(self, in_shape: tuple[int, int, int], state: int) -> None:
        super().__init__()
        places = in_shape[0] * in_shape[1] * in_shape[2] // COARSE**3
        self.norm, self.linear = nn.BatchNorm1d(places), nn.Linear(places, state)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, state)."""
        return torch.tanh(self.linear(self.norm(avg_pool3d(x, COARSE).flatten(1))))


class _Start(nn.Module):
    """The first state of the gaze where nothing is known of the image."""

    def __init__(self, state: int) -> None:
        super().__init__()
        self.state = nn.Parameter(torch.empty(state))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Standard normal."""
        nn.init.normal_(self.state)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, state)."""
        return torch.tanh(self.state).expand(len(x), -1)


class _Emission(nn.Module):
    """The place to look at: (N, 4), centre (D, H, W) and zoom, each in (-1, 1).

    Before training each step looks at a place of its own, the same in all images: places that moved with the image from
    the start would show anatomy at random.
    """

    def __init__(self, steps: int, state: int) -> None:
        super().__init__()
        self.path, self.weight = nn.Parameter(torch.empty(steps, 4)), nn.Parameter(torch.empty(4, state))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Places spread over the image, not moved by the state."""
        nn.init.normal_(self.path, std=0.5)
        nn.init.zeros_(self.weight)

    def forward(self, gaze: Tensor, step: int) -> Tensor:
        """(N, state) -> (N, 4)."""
        return torch.tanh(self.path[step] + gaze @ self.weight.T)


class _Look(nn.Module):
    """A glimpse and its place as one vector: their features are multiplied (Ba et al. 2015)."""

    def __init__(self, size: int, state: int) -> None:
        super().__init__()
        self.seen, self.where = nn.Linear(size**3, state), nn.Linear(4, state)

    def forward(self, patch: Tensor, where: Tensor) -> Tensor:
        """(N, size^3), (N, 4) -> (N, state)."""
        return torch.relu(self.seen(patch)) * torch.relu(1 + self.where(where))


def gaussians(where: Tensor, shape: tuple[int, ...], size: int) -> tuple[list[Tensor], Tensor]:
    """Filters along each axis, (N, size, length) with rows that sum to 1, and centres (N, 3) in voxels.

    where: (N, 4) in (-1, 1). A centre of -1 and 1 is the first and last voxel; zoom goes from filters one voxel apart
    (-1) to filters over the whole axis (1).
    """
    filters, centres = [], []
    for axis, length in enumerate(shape):
        place = torch.arange(length, dtype=where.dtype, device=where.device)
        centre = (where[:, axis] + 1) / 2 * (length - 1)
        spacing = 1 + (where[:, 3] + 1) / 2 * ((length - 1) / (size - 1) - 1)
        offset = torch.arange(size, dtype=where.dtype, device=where.device) - (size - 1) / 2
        mean = centre[:, None] + offset * spacing[:, None]
        distance = (place - mean[..., None]) / (spacing[:, None, None] / 2)
        filters.append(torch.softmax(-distance.square() / 2, -1))
        centres.append(centre)
    return filters, torch.stack(centres, 1)


def glimpsed(x: Tensor, filters: list[Tensor]) -> Tensor:
    """The readings of an image: (N, 1, D, H, W) and filters (N, size, length) of each axis -> (N, size^3)."""
    depth, height, width = filters
    part = torch.einsum("nsd,ndhw->nshw", depth, x[:, 0])
    part = torch.einsum("nth,nshw->nstw", height, part)
    return torch.einsum("nuw,nstw->nstu", width, part).flatten(1)
