from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from bench.contracts import Batch, Cohort, Simulator, Truth
from bench.contracts.validity import Validity
from bench.seeds import seed


@dataclass(frozen=True)
class Box(Simulator):
    """Cubes in noise."""

    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Noise, and a bright cube in every second subject."
    shape: ClassVar[tuple[int, int, int]] = (8, 8, 8)
    region_names: ClassVar[tuple[str, ...]] = tuple(f"octant {i}" for i in range(8))
    kind: ClassVar[str] = "classes"
    target: ClassVar[tuple[int, int]] = (1, 0)
    validity: ClassVar[Validity] = Validity({"edit": "the cube alone decides"})
    side: int = 3
    amplitude: float = 0.0
    data_seed: int = 0

    def with_amplitude(self, amplitude):
        return replace(self, amplitude=amplitude)

    def with_data_seed(self, data_seed):
        return replace(self, data_seed=data_seed)

    def sides(self, targets):
        return targets

    def calibrate(self):
        return {"amplitude": 0.3, "asked": 0.95, "reached": 0.95, "low": 0.94, "high": 0.96, "subjects": 100}

    def sample(self, indices, stream, do=None):
        images = [self._image(i, stream, self.amplitude * (i % 2) * (not do)) for i in indices]
        return Batch(torch.stack(images), torch.tensor([i % 2 for i in indices]), torch.tensor(list(indices)))

    def cohort(self, indices, stream):
        well = torch.stack([self._image(i, stream, 0.0) for i in indices])
        sick = torch.stack([self._image(i, stream, self.amplitude) for i in indices])
        batch = self.sample(indices, stream)
        difference = Truth("counterfactual", volume=sick - well)
        return Cohort(
            batch.images,
            batch.targets,
            batch.subjects,
            twins=well + sick - batch.images,
            regions=self._labels().expand(len(well), 1, *self.shape),
            domain=torch.ones(well.shape, dtype=torch.bool),
            truths={"counterfactual": difference, "planted": Truth("planted", volume=(sick - well).sign())},
            region_names=self.region_names,
            affine=np.diag([6.0, 6.0, 6.0, 1.0]),
        )

    def redraws(self, subject, stream, draws):
        image = self.sample([subject], stream).images[0]
        donors = [self._image(subject, f"{stream}/{k}", self.amplitude * (k % 2)) for k in range(draws)]
        return torch.stack([torch.where(self._labels() == r, d, image) for r in range(1, 9) for d in donors])

    def switches(self, subject, stream, sets):
        row = self.cohort([subject], stream)
        twins = [torch.isin(self._labels(), self._numbers(regions)) for regions in sets]
        return torch.stack([torch.where(there, row.twins[0], row.images[0]) for there in twins])

    def _numbers(self, regions):
        return torch.tensor([self.region_names.index(name) + 1 for name in regions if name in self.region_names])

    def _labels(self):
        half = (torch.arange(8) >= 4).to(torch.int16)
        return (1 + 4 * half[:, None, None] + 2 * half[:, None] + half)[None]

    def _image(self, subject, stream, amplitude):
        own = 0 if stream.startswith("evaluation") else self.data_seed
        generator = torch.Generator().manual_seed(seed(stream=stream, subject=int(subject), data=own))
        image = 0.5 + 0.1 * torch.randn((1, *self.shape), generator=generator)
        image[:, : self.side, : self.side, : self.side] += amplitude
        return image


class Versionless(Box):
    """A simulator whose changes nothing could tell."""

    version: ClassVar[str] = ""
