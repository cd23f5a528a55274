"""Zennit's relevance propagation and guided backprop, by its ready-made composites."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from bench.contracts import Context, Method, MethodTags, Target
from bench.passes import differentiable, explained, leaf
from methods.entrants.others import as_map, behind_torchvision
from methods.relevance_folded import LRPComposite


@dataclass(frozen=True)
class ZennitComposite:
    """Relevance propagation by a composite of zennit.

    Relevance starts from the outputs times the derivative of the explained score.
    """

    composite: Literal["EpsilonPlus", "EpsilonAlpha2Beta1"] = "EpsilonPlus"

    version: ClassVar[str] = "1"
    package: ClassVar[str] = "zennit"
    reference: ClassVar[str] = "Anders et al. 2021, Software for dataset-wide XAI: Zennit, CoRelAy and ViRelAy, arXiv"
    summary: ClassVar[str] = (
        "A composite of rules by type of module, batch norms merged into the module defined before them."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "entrant", "location", laws=frozenset({"implementation", "refusal"}), cost="forward + backward"
    )
    flaws: ClassVar[Mapping[str, str]] = {
        "implementation": "rules follow modules: sums and means that are functions pass relevance on twice, or evenly",
        "refusal": "operations without a rule keep their plain gradient, without a word",
        "twin": "as under implementation",
    }

    def __post_init__(self) -> None:
        behind_torchvision("zennit.composites", self.package)

    def ours(self, model: nn.Module) -> Method:
        """Our method that the composite should agree with."""
        return LRPComposite(1e-6, beta=0.0 if self.composite == "EpsilonPlus" else 1.0)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Relevance (N, 1, D, H, W)."""
        zennit = behind_torchvision("zennit", self.package)
        rules = getattr(zennit.composites, self.composite)(canonizers=[zennit.canonizers.SequentialMergeBatchNorm()])

        def start(outputs: Tensor) -> Tensor:
            outputs = outputs.detach().requires_grad_()
            (slope,) = torch.autograd.grad(explained(outputs, target).sum(), outputs)
            return (outputs * slope).detach()

        with differentiable(model), zennit.attribution.Gradient(model, rules) as attributor:
            return as_map(attributor(leaf(model, inputs), start)[1], inputs)
