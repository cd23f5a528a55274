"""Small networks and images in which the right behaviour of a method is known."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.checks.visits import seen_twice
from bench.contracts import Batch, Context, Method, Target, Truth

#: ways to write the same ReLU
Style = Literal["module", "reused", "functional", "in_place"]
STYLES: tuple[Style, ...] = ("module", "reused", "functional", "in_place")
SHAPE = (8, 12, 8)
#: subject number of the first image
FIRST = 10


class _Activations(nn.Module, ABC):
    """A network whose ReLUs can be written in any style without changing what it computes."""

    def __init__(self, style: Style, count: int):
        super().__init__()
        self.style = style
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(1 if style == "reused" else count))

    def relu(self, number: int, x: Tensor) -> Tensor:
        """max(x, 0), written in the chosen style."""
        if self.style == "functional":
            return F.relu(x)
        if self.style == "in_place":
            torch.relu_(x)
            return x
        return self.relus[0 if self.style == "reused" else number](x)

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """The last volume (N, channels, d, h, w)."""

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """The head's outputs at every place (N, classes, D, H, W)."""
        evidence = self.get_submodule("head")(self.features(x).movedim(1, -1)).movedim(-1, 1)
        return {"evidence": F.interpolate(evidence, x.shape[2:], mode="trilinear")}


class Plain(_Activations):
    """Convolution, batch norm, ReLU, max pooling, twice; global average; one linear layer `head`."""

    def __init__(self, style: Style = "module", classes: int = 2):
        super().__init__(style, 2)
        self.conv1, self.norm1 = nn.Conv3d(1, 4, 3, padding=1), nn.BatchNorm3d(4)
        self.conv2, self.norm2 = nn.Conv3d(4, 6, 3, padding=1), nn.BatchNorm3d(6)
        self.pool, self.average = nn.MaxPool3d(2), nn.AdaptiveAvgPool3d(1)
        self.head = nn.Linear(6, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (N, classes)."""
        return self.head(self.average(self.features(x)).flatten(1))

    def features(self, x: Tensor) -> Tensor:
        """The last volume (N, 6, d, h, w)."""
        x = self.pool(self.relu(0, self.norm1(self.conv1(x))))
        return self.pool(self.relu(1, self.norm2(self.conv2(x))))


class Stacked(Plain):
    """`Plain` as libraries like it best: a ReLU and a pooling module of its own at every place."""

    def __init__(self, style: Style = "module", classes: int = 2):
        super().__init__(style, classes)
        self.pool2 = nn.MaxPool3d(2)

    def features(self, x: Tensor) -> Tensor:
        """The last volume (N, 6, d, h, w)."""
        x = self.pool(self.relu(0, self.norm1(self.conv1(x))))
        return self.pool2(self.relu(1, self.norm2(self.conv2(x))))


class Simulating(Plain):
    """`Plain` that calls what its head says a course."""

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """The head's outputs at every place (N, classes, D, H, W)."""
        return {"course": super().intrinsic(x)["evidence"]}


class SmallResNet(_Activations):
    """A strided stem and one residual block with a functional sum; mean over space; dropout; `head`."""

    def __init__(self, style: Style = "functional", classes: int = 2):
        super().__init__(style, 3)
        self.stem, self.norm = nn.Conv3d(1, 4, 3, stride=2, padding=1), nn.BatchNorm3d(4)
        self.conv1, self.norm1 = nn.Conv3d(4, 4, 3, padding=1, bias=False), nn.BatchNorm3d(4)
        self.conv2, self.norm2 = nn.Conv3d(4, 4, 3, padding=1, bias=False), nn.BatchNorm3d(4)
        self.head = nn.Linear(4, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (N, classes)."""
        return self.head(F.dropout(self.features(x).mean((2, 3, 4)), 0.5, self.training))

    def features(self, x: Tensor) -> Tensor:
        """The last volume (N, 4, d, h, w)."""
        x = self.relu(0, self.norm(self.stem(x)))
        branch = self.norm2(self.conv2(self.relu(1, self.norm1(self.conv1(x)))))
        branch += x
        return F.avg_pool3d(self.relu(2, branch), 2)


class SmallTransformer(_Activations):
    """Cubes of four voxels as tokens, two layers of attention in two heads, each with a hidden layer; mean; `head`."""

    def __init__(self, style: Style = "module", classes: int = 2):
        super().__init__(style, 2)
        self.embed = nn.Conv3d(1, 6, 4, stride=4)
        self.project = nn.ModuleList(nn.Linear(6, 18, bias=False) for _ in range(2))
        self.hidden = nn.ModuleList(nn.Linear(6, 6) for _ in range(2))
        self.head = nn.Linear(6, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (N, classes)."""
        return self.head(self.features(x).mean((2, 3, 4)))

    def features(self, x: Tensor) -> Tensor:
        """The last tokens as a volume (N, 6, d, h, w)."""
        volume = self.embed(x)
        tokens = volume.flatten(2).transpose(1, 2)
        for number, (project, hidden) in enumerate(zip(self.project, self.hidden, strict=True)):
            query, key, value = project(tokens).unflatten(2, (3, 2, 3)).permute(2, 0, 3, 1, 4).unbind(0)
            mixed = torch.softmax(query @ key.transpose(-2, -1), -1) @ value
            tokens = tokens + mixed.transpose(1, 2).flatten(2)
            tokens = tokens + self.relu(number, hidden(tokens))
        return tokens.transpose(1, 2).reshape(volume.shape)


class SmallLinear(nn.Module):
    """f(x) = Wx + b: every voxel's part is known."""

    def __init__(self, style: Style = "module", classes: int = 2):
        super().__init__()
        self.head = nn.Linear(SHAPE[0] * SHAPE[1] * SHAPE[2], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (N, classes)."""
        return self.head(x.flatten(1))


class Multiplied(Plain):
    """Ends in a product of activations neither of which is a gate, for which no rule by operations exists."""

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (N, classes)."""
        x = self.relu(0, self.norm1(self.conv1(x)))
        x = self.conv2(x * x.mean(1, keepdim=True))
        return self.head(x.mean((2, 3, 4)))


@dataclass(frozen=True)
class MethodProbe:
    """A network, images (N, 1, 8, 12, 8) and what a method may be told of them."""

    name: str
    network: Callable[..., nn.Module]
    images: Tensor
    target: Target = (1, 0)
    truth: Tensor = field(default_factory=lambda: torch.empty(0))

    def model(self, seed: int = 0, **options: Any) -> nn.Module:
        """A fresh model in evaluation mode: same seed, same parameters, whatever the options."""
        with torch.random.fork_rng(devices=[]):
            return randomised(self.network(**options), seed)

    def context(self, method: Method) -> Context:
        """A context with the truths, or the simulator's redraws, that the method says it needs."""
        known = Context(
            subjects=tuple(range(FIRST, FIRST + len(self.images))),
            domain=torch.ones_like(self.images, dtype=torch.bool),
            truths={name: Truth(name, volume=self.truth.clone()) for name in method.tags.truths},
            training=_training,
            target=self.target,
        )
        if "redraw_mean" in method.tags.needs:
            return replace(known, redraw_mean=lambda subject: self.redrawn(subject).mean(0))
        if "redraws" not in method.tags.needs:
            return known
        return replace(known, regions=_halves(self.images), region_names=("front", "back"), redraws=self.redrawn)

    def redrawn(self, subject: int) -> Tensor:
        """A subject with one half as noise and the other as it is: (2 * 4, 1, D, H, W), draws of a half adjacent."""
        image = self.images[subject - FIRST]
        noise = torch.randn(4, *image.shape, generator=torch.Generator().manual_seed(subject))
        labels = _halves(image[None])
        return torch.cat([torch.where(labels == half, noise, image) for half in (1, 2)])


def _halves(images: Tensor) -> Tensor:
    """Labels (N, 1, D, H, W): 1 and 2 for the halves along the second axis, 0 in its first slice."""
    labels = (1 + 2 * torch.arange(images.shape[3]) // images.shape[3]).where(torch.arange(images.shape[3]) > 0, 0)
    return labels[:, None].expand(images.shape)


def _training() -> Batch:
    """Four images of two controls and four of two patients, drawn anew at each call, always the same."""
    images = torch.randn(8, 1, *SHAPE, generator=torch.Generator().manual_seed(6)) + 0.4
    return Batch(images, torch.arange(8) % 2, torch.arange(100, 108), visit=seen_twice)


def randomised(model: nn.Module, seed: int) -> nn.Module:
    """The model with every parameter and running statistic drawn anew, biases included, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            noise = torch.randn(value.shape, generator=generator)
            if "var" in name or (value.ndim == 1 and name.endswith("weight")):
                value.copy_(1 + noise.abs())
            elif value.is_floating_point():
                value.copy_(noise * (2 / max(1, value[0].numel())) ** 0.5 if value.ndim > 1 else 0.3 * noise)
    return model.eval()


def probes(method: Method | None = None) -> list[MethodProbe]:
    """The two networks of every check, with three images; one that attends, or simulates, where a method needs it."""
    generator = torch.Generator().manual_seed(5)
    images = torch.randn(3, 1, *SHAPE, generator=generator) + 0.5
    truth = torch.randn(3, 1, *SHAPE, generator=generator)
    if method is not None and "attention" in method.tags.needs:
        return [MethodProbe("attending", SmallTransformer, images, truth=truth)]
    if method is not None and "course" in method.tags.needs:
        return [MethodProbe("simulating", Simulating, images, truth=truth)]
    return [MethodProbe("plain", Plain, images, truth=truth), MethodProbe("residual", SmallResNet, images, truth=truth)]


def favourable() -> MethodProbe:
    """The network that a library meets most often, with the images of the others."""
    return replace(probes()[0], name="stacked", network=Stacked)
