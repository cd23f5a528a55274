"""Scores over the models of one simulator and network, as tidy rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from bench.contracts import Cohort, Context, Status, Truth, Undefined, Unsupported
from bench.stages.returned import checked_scores
from bench.stages.scoring import rows


@dataclass(frozen=True)
class ComparedModels:
    """`bench.contracts.plugins.Models` of one method; maps are (M, N, ...), `untrained` (U, N, ...)."""

    maps: Tensor
    untrained: Tensor
    uses: tuple[Truth, ...]
    permuted: Tensor
    memorised: tuple[float, ...]
    data_seeds: tuple[int, ...]
    model_seeds: tuple[int, ...]
    init_seeds: tuple[int, ...]
    order_seeds: tuple[int, ...]
    untrained_seeds: tuple[int, ...]

    def first(self, count: int) -> "ComparedModels":
        """The first subjects of everything."""
        maps = {part: getattr(self, part)[:, :count] for part in ("maps", "untrained", "permuted")}
        return replace(self, **maps, uses=tuple(use.take(torch.arange(count)) for use in self.uses))


def compare(name: str, metric: Any, models: ComparedModels, cohort: Cohort, context: Context) -> pd.DataFrame:
    """Rows of the metric's columns, one a subject, or one a model and subject; no strata, as these differ by model."""
    kept = models.maps.shape[1]
    count = min(metric.subjects or kept, kept)
    columns, status, reason = {"": torch.empty(0)}, Status.ok, ""
    try:
        if count == 0:
            raise Undefined("no maps are kept (maps=none), so models cannot be compared")
        given = metric.compare(models.first(count), context.take(list(range(count))))
        columns = checked_scores(given, [(count,), (len(models.maps), count)])
    except Unsupported as error:
        status, reason = Status.unsupported, str(error)
    except Undefined as error:
        status, reason = Status.undefined, str(error)
    frames = [
        rows(name, ("", ""), part, cohort, [""] * len(cohort), max(count, 1), status, reason).assign(**seeds)
        for part, seeds in _parts(columns, models)
    ]
    return pd.concat(frames, ignore_index=True)


def _parts(columns: Mapping[str, Tensor], models: ComparedModels) -> Iterator[tuple[dict[str, Tensor], dict[str, int]]]:
    """The columns of all models together, then those of each model with its seeds."""
    if shared := {name: values for name, values in columns.items() if values.dim() < 2}:
        yield shared, {}
    if single := {name: values for name, values in columns.items() if values.dim() == 2}:
        for row, seeds in enumerate(zip(models.data_seeds, models.model_seeds, strict=True)):
            yield {n: v[row] for n, v in single.items()}, dict(zip(("data_seed", "model_seed"), seeds, strict=True))
