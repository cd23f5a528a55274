"""Stage compare: scores over the models of one simulator and network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from bench.contracts import Cohort, Context, Status, Undefined, Unsupported
from bench.stages.measure import rows


@dataclass(frozen=True)
class Trained:
    """`bench.contracts.plugins.Models` of one method: maps (M, N, ...), untrained (U, N, ...), uses (M, N, R)."""

    maps: Tensor
    untrained: Tensor
    uses: Tensor
    data_seeds: tuple[int, ...]
    model_seeds: tuple[int, ...]


def compare(name: str, metric: Any, models: Trained, cohort: Cohort, context: Context) -> pd.DataFrame:
    """Rows of the metric's columns, one a subject; they belong to no one model, so strata are empty."""
    kept = models.maps.shape[1]
    count = min(metric.subjects or kept, kept)
    columns, status, reason = {"": torch.empty(0)}, Status.ok, ""
    chosen = Trained(
        models.maps[:, :count],
        models.untrained[:, :count],
        models.uses[:, :count],
        models.data_seeds,
        models.model_seeds,
    )
    try:
        if count == 0:
            raise Undefined("no maps are kept (maps=none), so models cannot be compared")
        columns = metric.compare(chosen, context.take(list(range(count))))
    except Unsupported as error:
        status, reason = Status.unsupported, str(error)
    except Undefined as error:
        status, reason = Status.undefined, str(error)
    strata: Sequence[str] = [""] * len(cohort)
    return rows(name, ("", ""), columns, cohort, strata, max(count, 1), status, reason)
