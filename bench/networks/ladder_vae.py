"""A ladder variational autoencoder, whose upper latents tell classes apart and whose decoder shows how."""

import copy
from math import prod
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import cross_entropy, mse_loss

from bench.contracts import Batch, Between, Count, Positive, bounded, impossible
from bench.networks._gaussian import ClassNormals, NormalOf, Standard, precision_weighted
from bench.networks._parts import block, divisible
from bench.passes.forward import evaluating, in_chunks, laid_out

#: subjects a step; samples a class whose mean is shown
BATCH, SAMPLES = 8, 64


@bounded
class LadderVAE(nn.Module):
    """Images are made from lower latents, these from a few upper ones, of which a linear readout names the class.

    The lower latents that go with an image are what it says and what its upper latents say, weighed by their precisions
    (Sønderby et al. 2016, arXiv:1602.02282). The loss is the cross-entropy and `weight` times the negative evidence
    bound per voxel: half the squared error, in SDs of each voxel, and both divergences. The weights with the least
    loss of the validation subjects are kept. Published for segmentations, by a readout of several layers.

    in_shape: (D, H, W), divisible by 4. outputs: K, two or more. width: channels of the first block, doubled in the
    next. hidden: features of the image. lower, upper: latents. weight: see above. epochs, rate: of gradient descent.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Biffi et al. 2020, IEEE Transactions on Medical Imaging 39:2088, arXiv:1907.00058"
    summary: ClassVar[str] = (
        "Two levels of latents make the image, the upper tells classes apart; classes are sampled and decoded."
    )

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        width: Count = 8,
        hidden: Count = 32,
        lower: Count = 16,
        upper: Count = 2,
        weight: Positive = 1.0,
        epochs: Annotated[int, Between(1, 1000)] = 8,
        rate: Annotated[float, Between(0, 10, "both")] = 0.001,
    ) -> None:
        super().__init__()
        divisible(self, in_shape, 4, "another network")
        if outputs < 2:
            raise impossible(self, "outputs", outputs, "a task of two or more classes, which latents can be sampled by")
        self.weight, self.epochs, self.rate = weight, epochs, rate
        places = tuple(n // 4 for n in in_shape)
        volume = 2 * width * prod(places)
        self.standard = Standard(in_shape)
        self.encoder = nn.Sequential(block(1, width, pooled=True), block(width, 2 * width, pooled=True), nn.Flatten())
        self.features = nn.Sequential(nn.Linear(volume, hidden), nn.ReLU())
        self.lower = NormalOf(hidden, lower)
        self.deep = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU())
        self.upper = NormalOf(hidden, upper)
        self.above = nn.Sequential(nn.Linear(upper, hidden), nn.ReLU())
        self.prior = NormalOf(hidden, lower)
        self.decoder = nn.Sequential(
            *(nn.Linear(lower, volume), nn.ReLU(), nn.Unflatten(1, (2 * width, *places)), nn.Upsample(scale_factor=2)),
            *(nn.Conv3d(2 * width, width, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2)),
            nn.Conv3d(width, 1, 3, padding=1),
        )
        self.classes = ClassNormals(outputs, upper)
        self.readout = nn.Linear(upper, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.upper.mean(self.deep(self._seen(x))))

    def latents(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Means of the lower latents (N, L) and of the upper ones (N, U) of images."""
        features = self._seen(x)
        upper = self.upper(self.deep(features)).mean
        return precision_weighted(self.lower(features), self.prior(self.above(upper))).mean, upper

    def loss(self, x: Tensor, targets: Tensor, generator: torch.Generator) -> Tensor:
        """What is descended on; generator: draws the latents."""
        features = self._seen(x)
        upper = self.upper(self.deep(features))
        chosen = _drawn(upper, generator)
        prior = self.prior(self.above(chosen))
        lower = precision_weighted(self.lower(features), prior)
        image = self.decoder(_drawn(lower, generator))
        divergence = kl_divergence(lower, prior).sum(1) + kl_divergence(upper, Normal(0.0, 1.0)).sum(1)
        bound = mse_loss(image, self.standard(x)) / 2 + divergence.mean() / x[0].numel()
        return cross_entropy(self.readout(chosen), targets) + self.weight * bound

    def fit(self, train: Batch, validation: Batch, generator: torch.Generator) -> None:
        """Descend on the loss with AdamW and a one-cycle rate; then measure where classes lie among the latents."""
        with torch.no_grad():
            self.standard.measure(train.images)
        optimiser = torch.optim.AdamW(self.parameters(), self.rate)
        steps = self.epochs * -(-len(train) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.rate, steps)
        least, kept = float("inf"), self.state_dict()
        for _ in range(self.epochs):
            self.train()
            for rows in torch.randperm(len(train), generator=generator).split(BATCH):
                optimiser.zero_grad()
                self.loss(laid_out(self, train.images[rows]), train.targets[rows], generator).backward()
                optimiser.step()
                schedule.step()
            if (error := self._error(validation)) < least:
                least, kept = error, copy.deepcopy(self.state_dict())
        self.load_state_dict(kept)
        self.eval()
        with torch.no_grad():
            places = in_chunks(train.images, lambda rows: self.latents(laid_out(self, train.images[rows]))[1])
            self.classes.measure(places, train.targets)

    def sampled(self, label: int, count: int, generator: torch.Generator) -> Tensor:
        """Images (count, 1, D, H, W) of a class: latents drawn from its normal, decoded."""
        upper = self.classes.placed(label, self._noise(count, self.classes.mean.shape[1], generator))
        prior = self.prior(self.above(upper))
        lower = prior.mean + prior.stddev * self._noise(count, prior.mean.shape[1], generator)
        return self.standard.back(self.decoder(lower))

    def class_means(self) -> Tensor:
        """The mean image of samples of each class (K, D, H, W), the same noise for all."""
        noise = (torch.Generator().manual_seed(0) for _ in self.classes.mean)
        return torch.stack([self.sampled(k, SAMPLES, draw).mean((0, 1)) for k, draw in enumerate(noise)])

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`class_means`: (N, K, D, H, W), a class's decoded mean less that of all classes, the same for all images."""
        means = self.class_means()
        return {"class_means": (means - means.mean(0)).expand(len(x), *means.shape)}

    def _error(self, data: Batch) -> float:
        """The loss of subjects, by the same draws whenever it is asked for."""
        draw, total = torch.Generator().manual_seed(0), 0.0
        with evaluating(self), torch.no_grad():
            for rows in torch.arange(len(data)).split(BATCH):
                total += len(rows) * self.loss(laid_out(self, data.images[rows]), data.targets[rows], draw).item()
        return total / len(data)

    def _seen(self, x: Tensor) -> Tensor:
        features: Tensor = self.features(self.encoder(self.standard(x)))
        return features

    def _noise(self, count: int, size: int, generator: torch.Generator) -> Tensor:
        return torch.randn(count, size, generator=generator).to(self.classes.mean)


def _drawn(normal: Normal, generator: torch.Generator) -> Tensor:
    return normal.mean + normal.stddev * torch.randn(normal.mean.shape, generator=generator).to(normal.mean)
