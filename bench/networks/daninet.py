"""A progression network: it makes images of a person at any age, with a disease and without it: a course."""

from math import prod
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn

from bench.contracts import Batch, Between, Count, bounded, impossible
from bench.networks._gaussian import Standard
from bench.networks._parts import divisible
from bench.networks._progression import Progression, RegionMeans, Years
from bench.networks._progression_fit import BATCH, Teaching
from bench.networks._progression_losses import Differences, Remade
from bench.networks._visit_pairs import Courses, Pairs
from bench.passes.forward import laid_out


@bounded
class DaniNet(nn.Module):
    """An encoder reads who somebody is, a linear readout of that names the class, a decoder is told age and diagnosis.

    The encoder reads convolutions of the image and means of regions. It learns from pairs of visits: both images are
    remade from the first, with losses of images, class, age, and of the change between them by voxels and by regions,
    whose weights are learnt. One discriminator asks that nobody can tell the order of visits from what is read of a
    person, another that images look like real ones. Published with deeper networks, the change of regions foretold by
    regressors of their own, and weights of losses by slice.

    in_shape: (D, H, W), divisible by 4. outputs: K, two or more; class 0 is without disease. regions: (D, H, W) labels,
    0 outside. width: channels of the first convolution, doubled in the second. hidden: features of the image. person:
    latents. depth: numbers that say how aged and how ill somebody is. dropout: share of the features of convolutions
    that a step leaves out. without: the part of learning that is left out, `nothing` for none. epochs, rate: of
    gradient descent.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Ravi et al. 2022, Medical Image Analysis, arXiv:1912.01526"
    summary: ClassVar[str] = (
        "A person's image is made at any age, with a disease and without; what a year adds is its course."
    )
    follows: ClassVar[bool] = True

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        regions: Tensor | None = None,
        width: Count = 8,
        hidden: Count = 32,
        person: Count = 16,
        depth: Count = 4,
        dropout: Annotated[float, Between(0, 1, "high")] = 0.8,
        without: Literal["nothing", "voxels", "regions", "order", "realism", "weights"] = "nothing",
        epochs: Annotated[int, Between(1, 1000)] = 8,
        rate: Annotated[float, Between(0, 10, "both")] = 0.005,
    ) -> None:
        super().__init__()
        divisible(self, in_shape, 4, "another network")
        if outputs < 2:
            raise impossible(self, "outputs", outputs, "a task of classes, of which one is without disease")
        self.without, self.epochs, self.rate = without, epochs, rate
        volume = 2 * width * prod(n // 4 for n in in_shape)
        self.standard = Standard(in_shape)
        self.regions = RegionMeans("daninet", in_shape, regions)
        self.years = Years()
        self.convolved = nn.Sequential(
            *(nn.Conv3d(1, width, 4, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv3d(width, 2 * width, 4, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Dropout(dropout)),
            nn.Linear(volume, hidden),
        )
        self.regional = nn.Linear(len(self.regions.centre), hidden)
        self.age = nn.Linear(hidden, 1)
        self.person = nn.Linear(hidden, person)
        self.decoder = Progression(in_shape, outputs, person, hidden, depth)
        self.readout = nn.Linear(person, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.person(self._seen(x)))

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`course`: (N, K, D, H, W), what a year adds to the image of a person of each diagnosis."""
        features = self._seen(x)
        person, age = self.person(features), self.age(features)[:, 0]
        changes = []
        for label in range(self.readout.out_features):
            diagnosis = torch.full_like(age, label, dtype=torch.long)
            now, then = (self.decoder(person, years, diagnosis) for years in (age, age + self.years.one))
            changes.append(then - now)
        return {"course": torch.cat(changes, 1) * self.standard.spread}

    def fit(self, train: Batch, validation: Batch, generator: torch.Generator) -> None:
        """Descend with AdamW and a one-cycle rate on pairs of visits, of other ones in each epoch.

        Raises:
            BadInput: where subjects are no visits of persons.
        """
        seen = Courses("daninet", train)
        with torch.no_grad():
            differences = self._measure(seen)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
            steps = self.epochs * -(-len(seen.paired(generator)) // BATCH)
            teaching = Teaching(self, self.without, differences, self.rate, steps)
            for _ in range(self.epochs):
                teaching.epoch(seen, generator)
        self.eval()

    def read(self, data: Courses, rows: Tensor) -> Pairs:
        """Pairs of visits (B, 2), by the rows of the data, as this network is given them."""
        first, second = rows.T
        earlier, later = (laid_out(self, data.data.images[row]) for row in (first, second))
        young, old = (self.years(data.ages[row]) for row in (first, second))
        return Pairs(earlier, later, young, old, data.data.targets[first])

    def remade(self, pairs: Pairs) -> Remade:
        """What it makes of pairs: the images of both visits from the person at the first."""
        x = torch.cat([pairs.earlier, pairs.later])
        features = self._seen(x)
        persons = self.person(features)
        who, when = persons.chunk(2)[0].repeat(2, 1), torch.cat([pairs.young, pairs.old])
        carried = pairs.diagnosis.repeat(2)
        simulated, well = (self.decoder(who, when, diagnosis) for diagnosis in (carried, 0 * carried))
        return Remade(persons, self.readout(persons), self.age(features)[:, 0], self.standard(x), simulated, well)

    def _seen(self, x: Tensor) -> Tensor:
        features: Tensor = (self.convolved(self.standard(x)) + self.regional(self.regions(x))).relu()
        return features

    def _measure(self, seen: Courses) -> Differences:
        """Take from training images how they vary, between persons and between the visits of one."""
        self.standard.measure(seen.data.images)
        self.regions.measure(seen.data.images)
        self.years.measure(seen.ages)
        first, second = seen.paired(torch.Generator().manual_seed(0)).T
        return Differences.between(seen.data.images[first], seen.data.images[second], self.regions)
