"""Cascading parameter randomisation (Adebayo et al., NeurIPS 2018) with the floor of Arun et al. (2021)."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import (
    BlindSpot,
    Cohort,
    Context,
    Count,
    Explain,
    LayerStep,
    MetricTags,
    Subjects,
    Undefined,
    bounded,
)
from bench.passes.resets import with_fresh_layers
from metrics._shared.domain import domain_of
from metrics._shared.layers import layers
from metrics._shared.similarity import MEASURES, Measure, between_subjects, nanmean, prepared

#: a model -> its maps (N, 1, D, H, W) of the explained subjects
_Maps = Callable[[nn.Module], Tensor]
#: names of modules and a draw -> the model with those modules reset
_Reset = Callable[[list[str], int], nn.Module]


@bounded
@dataclass(frozen=True)
class CascadingRandomisation:
    """Cascading parameter randomisation.

    Above 0 the map of a model that knows nothing is more like the trained one than another subject's map is: the map
    does not depend on what was learned. order: `top_down` resets from the output, `bottom_up` from the input, both
    cumulatively; `independent` resets one layer at a time. The explained score stays the same throughout.

    Columns, each (N,): "" similarity less floor after full randomisation (`independent`: mean over layers);
    `floor`; `layer_k_of_L` similarity after step k, the curve; `dead`, the share of draws whose map at full
    randomisation is constant (they count in no mean); and the margins of the other measures under their names.
    similarity: `spearman` and `ssim` compare absolute maps, `spearman_signed` signed ones.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Adebayo et al., NeurIPS 2018; floor: Arun et al., Radiology: AI 2021"
    summary: ClassVar[str] = (
        "Similarity of the map to that of the randomised model, less its similarity to other subjects' maps."
    )
    tags: ClassVar[MetricTags] = MetricTags("explainer", False, (-2.0, 2.0), "similarity", floor=0.0, fewest_subjects=2)
    question: ClassVar[str] = "Does the map depend on the weights?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("noise that is new for every model passes", "test_blind_spots.py::test_noise_passes_randomisation"),
    )

    order: Literal["top_down", "bottom_up", "independent"] = "top_down"
    draws: Count = 5
    similarity: Literal["spearman", "spearman_signed", "ssim"] = "spearman"
    subjects: Subjects = 8

    def explainer(self, explain: Explain, model: nn.Module, cohort: Cohort, context: Context) -> dict[str, Tensor]:
        """The columns above; raises `Undefined` for fewer than two subjects (no floor)."""
        if len(cohort) < 2:
            raise Undefined("cascading randomisation needs two subjects or more: its floor compares subjects")
        inside = domain_of(context, cohort.images)

        def maps(of: nn.Module) -> Tensor:
            # A method may keep things of the trained model in the memo; a randomised model starts with none.
            return explain(of, cohort.images, replace(context, _memo={})).detach()

        def reset(names: list[str], draw: int) -> nn.Module:
            return self._reset(model, names, _base_seed(context) + draw, context)

        trained = maps(model)
        curves = self._curves(maps, reset, self._steps(model), trained, inside)
        floors = {name: between_subjects(measure, trained, inside) for name, measure in MEASURES.items()}
        return {name: torch.from_numpy(v).float() for name, v in self._columns(curves, floors).items()}

    def _steps(self, model: nn.Module) -> list[list[str]]:
        """Names of the modules that are reset at each step."""
        named = layers(model)
        if self.order == "independent":
            return named
        ordered = named[::-1] if self.order == "top_down" else named
        return list(accumulate(ordered))

    def _reset(self, model: nn.Module, names: list[str], seed: int, context: Context) -> nn.Module:
        """A copy of the model after one step."""
        return with_fresh_layers(model, names, seed)

    def _curves(
        self, maps: _Maps, reset: _Reset, steps: list[list[str]], trained: Tensor, inside: Tensor
    ) -> dict[str, np.ndarray]:
        """Similarities (steps, draws, N) of every measure; the curve of the others is not asked for, so NaN."""
        states = {name: prepared(measure, trained, inside) for name, measure in MEASURES.items()}
        curves = {name: np.full((len(steps), self.draws, len(trained)), math.nan) for name in MEASURES}
        for k, names in enumerate(steps):
            for draw in range(self.draws):
                fresh = maps(reset(names, draw))
                for name in MEASURES if k in self._headline(len(steps)) else [self.similarity]:
                    curves[name][k, draw] = _compared(MEASURES[name], states[name], fresh, inside)
        return curves

    def _headline(self, steps: int) -> range:
        """The steps whose mean is the verdict."""
        return range(steps) if self.order == "independent" else range(steps - 1, steps)

    def _columns(self, curves: dict[str, np.ndarray], floors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        steps = len(curves[self.similarity])
        last = list(self._headline(steps))
        margins = {name: _over_draws(curve[last]) - floors[name] for name, curve in curves.items()}
        curve = {str(LayerStep(k + 1, steps)): _over_draws(c[None]) for k, c in enumerate(curves[self.similarity])}
        dead = np.isnan(curves[self.similarity][last]).mean(axis=(0, 1))
        headline = margins.pop(self.similarity)
        return {"": headline, "floor": floors[self.similarity], "dead": dead, **curve, **margins}


def _over_draws(similarities: np.ndarray) -> np.ndarray:
    """Mean over steps and draws of (steps, draws, N), leaving dead maps out; NaN where all are dead."""
    return nanmean(np.moveaxis(similarities, -1, 0).reshape(similarities.shape[-1], -1))


def _compared(measure: Measure, states: list[tuple[np.ndarray, ...]], maps: Tensor, inside: Tensor) -> list[float]:
    return [measure.compare(a, b) for a, b in zip(states, prepared(measure, maps, inside), strict=True)]


def _base_seed(context: Context) -> int:
    """A seed of the unit that does not depend on the order of its subjects."""
    return context.seed_of(min(context.subjects, default=0)) % 2**62
