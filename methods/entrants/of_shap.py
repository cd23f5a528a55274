"""SHAP's deep explainer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Context, Count, Method, MethodTags, Target, bounded
from methods._shared.background import controls
from methods.deeplift import DeepSHAP
from methods.entrants.others import by_row, library


@bounded
@dataclass(frozen=True)
class ShapDeep:
    """Deep SHAP by the shap package."""

    references: Count = 8

    version: ClassVar[str] = "2"
    package: ClassVar[str] = "shap"
    reference: ClassVar[str] = "Lundberg and Lee 2017, A unified approach to interpreting model predictions, NeurIPS"
    summary: ClassVar[str] = (
        "`DeepExplainer` over training controls, evenly spaced among them; its check of additivity is left out."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "entrant",
        "location",
        needs=frozenset({"training"}),
        reference_class="controls",
        laws=frozenset({"scale", "sign", "shift", "implementation", "refusal"}),
        cost="10 * references * forward + 8 * references * backward",
    )
    flaws: ClassVar[Mapping[str, str]] = {
        "runs": "a module that is called twice, or written in place, stops it",
        "implementation": "as under runs",
        "refusal": "operations without a rule keep their plain gradient, without a word",
    }

    def __post_init__(self) -> None:
        library("shap", self.package)

    def ours(self, model: nn.Module) -> Method:
        """Our method that the library's should agree with."""
        return DeepSHAP(self.references)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        pool = controls(inputs.detach(), context or Context())
        start = pool[torch.linspace(0, len(pool) - 1, self.references).round().long()]

        def explain(images: Tensor, output: int | Tensor) -> Tensor:
            explainer = library("shap", self.package).DeepExplainer(model, start)
            values = explainer.shap_values(images.detach(), check_additivity=False)
            return torch.as_tensor(values)[..., int(output)]

        return by_row(model, inputs, target, explain)
