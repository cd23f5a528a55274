"""Expected gradients: integrated gradients averaged over references."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Context, Count, MethodTags, Target, bounded
from bench.passes import gradient
from methods._shared.background import controls


@bounded
@dataclass(frozen=True)
class ExpectedGradients:
    """Expected gradients: path gradients averaged over training controls.

    References are controls of the training data, each used as often as any other; the places are stratified, one in
    each of `samples` equal parts. Each subject draws from its own generator. The map sums to f(x) minus the mean score
    of the references in expectation only; it has no single baseline and so no multiplier.
    """

    samples: Count = 64

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = (
        "Erion et al. 2021, Improving performance of deep learning models with axiomatic attribution priors and "
        "expected gradients, Nature Machine Intelligence 3:620"
    )
    summary: ClassVar[str] = (
        "The mean of (x - b) times the gradient at b + a (x - b), over references b and places a in 0..1."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "path",
        "location",
        stochastic=True,
        needs=frozenset({"training"}),
        reference_class="controls",
        laws=frozenset({"scale", "sign", "shift", "implementation"}),
        cost="samples * (forward + backward)",
    )
    note: ClassVar[str] = "references are training controls; sums to f(x) - their mean score in expectation only"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        x, context = inputs.detach(), context or Context()
        pool = controls(x, context)
        draws = [self._draws(context.generator(row), len(pool)) for row in range(len(x))]
        references, places = (torch.stack(part) for part in zip(*draws, strict=True))
        total = torch.zeros_like(x, memory_format=torch.contiguous_format)
        for sample in range(self.samples):
            start = pool[references[:, sample]]
            place = places[:, sample].to(x).reshape(-1, 1, 1, 1, 1)
            total += gradient(model, start + place * (x - start), target) * (x - start)
        return total / self.samples

    def _draws(self, generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
        """One reference number (samples,) and one place (samples,) for each gradient of a subject."""
        rounds = [torch.randperm(size, generator=generator) for _ in range(-(-self.samples // size))]
        places = torch.arange(self.samples) + torch.rand(self.samples, generator=generator)
        return torch.cat(rounds)[: self.samples], places / self.samples
