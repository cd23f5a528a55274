"""Ends of an axis of scores: the same for every panel, and never an enlargement of nothing."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: share of an axis that is left free at its ends, so that no mark is cut
FREE = 0.05


def score_ends(metric: pd.Series, drawn: NDArray[Any]) -> tuple[float, float]:
    """Ends for a metric: its bounds, 0 and 1 where it has none, and all that is drawn. metric: its row of metrics.csv.

    Scores of a model that found nothing lie within a hundredth of each other, which is no difference to be enlarged.
    """
    bounds = [bound if np.isfinite(bound) else usual for bound, usual in ((metric["low"], 0.0), (metric["high"], 1.0))]
    return with_room([*bounds, *drawn[np.isfinite(drawn)]])


def with_room(values: list[float], least: float = 0.0) -> tuple[float, float]:
    """Ends that leave some of the axis free around the values, `least` apart or more."""
    middle, half = (min(values) + max(values)) / 2, max(max(values) - min(values), least) * (0.5 + FREE)
    return middle - half, middle + half
