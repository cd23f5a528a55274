"""Networks whose mechanism is set by hand: what they use is known from their weights, with no training between."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Batch, bounded, impossible
from bench.networks._mechanisms import MECHANISMS, Affine, Name
from bench.networks._parts import divisible
from bench.networks._regions import named_members
from bench.networks._wrapping import STEMS, STRIDE, Wrapping


@bounded
class KnownNetwork(nn.Module):
    """A stem that passes images on unchanged, mean intensities of regions, a mechanism on these, a linear readout.

    A reading q is a region's mean intensity within the template's mask, in SDs from the mean of the training subjects.
    With K outputs, output k is s (k / (K - 1) - 1/2) of the mechanism's score s, so that z_1 - z_0 of two is s itself;
    a single output is s. Until it is fitted its weights are random.

    in_shape: (D, H, W). outputs: K. mechanism: see `MECHANISMS`. parts: names of the regions it reads, in the order of
    the mechanism. wrapping: the layers of the stem, which change no output. dark: readings grow as a region darkens,
    else as it brightens. regions: (D, H, W) labels, 0 outside; label r is `region_names[r - 1]`.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Weights set by hand, as Zhang et al. 2024 argue for, arXiv:2310.06514"
    summary: ClassVar[str] = (
        "Weights set by hand: a known function of the mean intensities of regions, in layers that do not change it."
    )
    centre: Tensor
    scale: Tensor
    states: Tensor
    own: Tensor

    #: states of a region's marginal that are enumerated: quantiles of its training readings
    COUNT: ClassVar[int] = 8

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        mechanism: Name,
        parts: tuple[str, ...],
        wrapping: Wrapping = "plain",
        dark: bool = True,
        regions: Tensor | None = None,
        region_names: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.law, self.mechanism, self.wrapping = MECHANISMS[mechanism], str(mechanism), str(wrapping)
        self.parts, self.dark = tuple(parts), dark
        wanted = self.law.parts
        if not parts or (wanted and len(parts) != wanted) or len(set(parts)) < len(parts):
            raise impossible(self, "parts", tuple(parts), f"{wanted or 'one or more'} different regions")
        if wrapping == "strided":
            divisible(self, in_shape, STRIDE)
        self.shape = tuple(in_shape)
        masks = named_members("known", in_shape, regions, region_names, parts)
        self.register_buffer("own", masks, persistent=False)
        self.register_buffer("centre", torch.zeros(len(parts)))
        self.register_buffer("scale", torch.ones(len(parts)))
        self.register_buffer("states", torch.zeros(self.COUNT, len(parts)))
        self.stem = STEMS[wrapping]()
        self.read = nn.Linear(masks[0].numel(), len(parts))
        *steps, last = self.law.layers(len(parts))
        layers = {"relu": nn.ReLU, "max": Largest}
        self.logic = nn.Sequential(*(_linear(s) if isinstance(s, Affine) else layers[s]() for s in steps))
        assert isinstance(last, Affine)
        self.readout = nn.Linear(last.weight.shape[1], outputs)

    def reset_parameters(self) -> None:
        """Readings as if no subject had been seen; layers are reset by themselves."""
        self.centre.zero_()
        self.scale.fill_(1)
        self.states.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.logic(self.read(self.stem(x).flatten(1))))

    @torch.no_grad()
    def fit(self, train: Batch, validation: Batch, generator: torch.Generator) -> None:
        """Write the mechanism into the weights; the training subjects give the means and SDs of readings alone."""
        means = self._means(train.images)
        self.centre.copy_(means.mean(0))
        self.scale.copy_(means.std(0).clamp(min=1e-6))
        points = (torch.arange(self.COUNT, dtype=torch.float64) + 0.5) / self.COUNT
        self.states.copy_(self.readings(train.images).quantile(points, 0))
        self.stem.keep(train.images)
        sign = -1.0 if self.dark else 1.0
        mean = (self.own.double() / self.own.sum(1, keepdim=True)).unflatten(1, self.shape)
        steepness = sign / self.scale.double()
        weight = self.stem.places(mean * steepness[:, None, None, None])
        _set(self.read, Affine(weight, -steepness * self.centre.double()))
        *steps, last = self.law.layers(len(self.parts))
        for layer, step in zip(self.logic, steps, strict=True):
            if isinstance(step, Affine):
                _set(layer, step)
        assert isinstance(last, Affine)
        ramp = _ramp(self.readout.out_features)
        _set(self.readout, Affine(ramp * last.weight, ramp[:, 0] * last.bias))

    @property
    def voxels(self) -> Tensor:
        """Where the regions lie in the template: (P, D, H, W) bool."""
        return self.own.unflatten(1, self.shape)

    def readings(self, x: Tensor) -> Tensor:
        """Readings of images (N, 1, D, H, W): (N, P) float64, straight from the voxels."""
        sign = -1.0 if self.dark else 1.0
        return sign * (self._means(x) - self.centre.double()) / self.scale.double()

    def score(self, readings: Tensor) -> Tensor:
        """The mechanism's score (N,) of readings (N, P), by its formula."""
        return self.law.formula(readings)

    def _means(self, x: Tensor) -> Tensor:
        return x.flatten(1).double() @ (self.own.double() / self.own.sum(1, keepdim=True)).T


class Largest(nn.Module):
    """The largest of all values: (N, P) -> (N, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, P) -> (N, 1)."""
        return x.amax(1, keepdim=True)


def _ramp(outputs: int) -> Tensor:
    return torch.ones(1, 1).double() if outputs == 1 else (torch.linspace(0, 1, outputs).double() - 0.5)[:, None]


def _linear(step: Affine) -> nn.Linear:
    return nn.Linear(step.weight.shape[1], step.weight.shape[0])


def _set(layer: nn.Module, step: Affine) -> None:
    assert isinstance(layer, nn.Linear)
    layer.weight.copy_(step.weight)
    layer.bias.copy_(step.bias)
