"""Path methods: the gradient gathered on the way from a baseline to the image."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Context, Count, MethodTags, Target, bounded
from bench.passes import explained, forward, gradient
from methods._shared.reference import Baseline, baseline, tags_of_baseline, unless_zero

Quadrature = Literal["midpoint", "gauss_legendre"]


@bounded
@dataclass(frozen=True)
class IntegratedGradients:
    """Integrated gradients from a baseline.

    baseline: `zero`, `mean` (constant, at the subject's mean within its domain), `controls` (the mean training control)
    or `redraw` (the subject with every region as in the mean of redraws, which asks the simulator, so that it is shown
    as an oracle). rule: `midpoint` (steady on ReLU networks) or `gauss_legendre` (best on smooth ones). On ReLU
    networks no number of steps is a guarantee: the completeness gap is returned with the map.
    """

    steps: Count = 32
    rule: Quadrature = "midpoint"
    baseline: Baseline = "zero"

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Sundararajan, Taly and Yan 2017, Axiomatic attribution for deep networks, ICML"
    summary: ClassVar[str] = "(x - b) times the mean gradient on the straight line from the baseline b to the image x."
    note: ClassVar[str] = "depends on its baseline; on ReLU networks read the returned gap"

    @cached_property
    def tags(self) -> MethodTags:
        """What it needs and is ranked with depends on its baseline."""
        laws = frozenset({"linear", "completeness", "scale", "sign", "shift", "implementation"})
        cost = "steps * (forward + backward) + 2 * forward"
        return tags_of_baseline(MethodTags("path", "contribution", laws=laws, cost=cost), self.baseline)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Map (N, 1, D, H, W) in score, its multiplier, and the gap sum(map) - (f(x) - f(b)) of each row."""
        x = inputs.detach()
        start = baseline(x, self.baseline, context or Context())
        slope = torch.zeros_like(x, memory_format=torch.contiguous_format)
        for place, weight in zip(*self._nodes(), strict=True):
            slope += weight * gradient(model, start + place * (x - start), target)
        contributions = (slope * (x - start)).contiguous()
        rise = explained(forward(model, x), target) - explained(forward(model, start), target)
        gap = contributions.flatten(1).sum(1, dtype=torch.float64) - rise
        return Attribution(contributions, slope, gap.to(x), unless_zero(start))

    def _nodes(self) -> tuple[list[float], list[float]]:
        """Places on the line in (0, 1) and their weights, which sum to one."""
        if self.rule == "midpoint":
            return [(step + 0.5) / self.steps for step in range(self.steps)], [1 / self.steps] * self.steps
        places, weights = np.polynomial.legendre.leggauss(self.steps)
        return ((places + 1) / 2).tolist(), (weights / 2).tolist()
