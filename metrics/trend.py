"""Trends over the visits of a person: whether relevance grows in the regions in which disease does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.contracts import (
    BadInput,
    BlindSpot,
    Cohort,
    Context,
    MetricTags,
    Subjects,
    Truth,
    Undefined,
    Visit,
    bounded,
    courses,
)
from metrics._shared.domain import volume_of
from metrics.regions import labels_within, region_means, weighed

#: slopes are equal where they differ by less than this share of the largest mean over the whole time: that is rounding
ROUNDING = 1e-9


class Followed(NamedTuple):
    """Patients over their visits: the visit in each row that is one of a patient, and regions.

    true: (N, R) means of the truth by region. labels: (N, 1, D, H, W) of so many `regions` within the domain.
    """

    visits: dict[int, Visit]
    true: np.ndarray
    labels: Tensor
    regions: int

    @classmethod
    def of(cls, maps: Tensor, truth: Truth | None, cohort: Cohort, context: Context, owner: object) -> "Followed":
        """Those of a map's subjects; raises `Undefined` where nobody is seen more than once."""
        visits = cohort.visits
        if not visits:
            raise Undefined(
                "courses need persons who are seen more than once, and here every subject is another person"
            )
        volume = volume_of(truth, maps, context, owner)
        if context.regions is None:
            raise BadInput(f"{type(owner).__name__} needs `regions` in the context; give the subjects' labels")
        labels, count = labels_within(context.regions, maps, context), len(context.region_names)
        ill = (context.sides(cohort.targets) == 1).tolist()
        patients = {row: visit for row, visit in visits.items() if ill[row]}
        return cls(patients, region_means(volume, labels, count), labels, count)

    def means(self, volumes: Tensor) -> np.ndarray:
        """(N, R) means of volumes (N, 1, D, H, W) by region, NaN where a region has no voxel."""
        return region_means(volumes, self.labels, self.regions)


@bounded
@dataclass(frozen=True)
class RelevanceTrend:
    """Correlation over regions of the trend of relevance with that of disease.

    A region's disease at a visit is the size of its mean in the truth, its relevance its mean in the map: of a
    contribution with its sign, as what a contribution is counted from then cancels between visits; of other maps, whose
    sign says something else or nothing, the size. Means and not sums, because a region that ageing makes smaller has
    lost no relevance. A trend is the least-squares slope over months.
    Pearson's correlation and not that of ranks: disease grows in few regions, and the many others would be ranked by
    noise alone. Of a patient with two visits or more; the value stands at the last visit, so that a person counts once.
    A map that does not change, or that changes as well one way as the other, scores 0; a map that is the truth 1.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Ravi et al., Medical Image Analysis 2022 (regional trajectories); Pearson, 1895"
    summary: ClassVar[str] = (
        "Pearson correlation over regions: how fast mean relevance grows over a patient's visits, and how fast disease."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "group",
        True,
        (-1.0, 1.0),
        "correlation",
        chance=0.0,
        truths=frozenset({"counterfactual", "planted"}),
        regional=True,
        fewest_subjects=4,
        missing="a trend stands at the last visit of a patient: there is none of controls, of one visit, and where no "
        "disease grows",
    )
    question: ClassVar[str] = "Does relevance grow where disease grows?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("the place within a region", "test_trend.py::test_a_trend_sees_no_place_within_a_region"),
        BlindSpot(
            "the image alone, where disease is bright", "test_trend.py::test_the_image_itself_follows_the_disease"
        ),
    )

    subjects: Subjects = None

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> dict[str, Tensor]:
        """The correlation of each person (N,); raises `Undefined` where subjects are no visits of persons."""
        seen = Followed.of(maps, truth, cohort, context, self)
        disease, relevance = np.abs(seen.true), seen.means(weighed(maps, context))
        relevance = relevance if context.quantity == "contribution" else np.abs(relevance)
        values = torch.full((len(maps),), math.nan)
        for rows in courses(seen.visits).values():
            if len(rows) > 1:
                months = np.array([seen.visits[row].months for row in rows])
                values[rows[-1]] = _agreement(months, relevance[rows], disease[rows])
        return {"": values}


def _agreement(months: np.ndarray, relevance: np.ndarray, disease: np.ndarray) -> float:
    """Correlation of the slopes of relevance and disease (V, R) at V times, over regions seen at every visit."""
    present = np.isfinite(disease).all(axis=0)
    if not np.isfinite(relevance[:, present]).all():
        return math.nan
    sides = [_slopes(months, side[:, present]) for side in (relevance, disease)]
    if not sides[1].any():
        return math.nan
    return float(sides[0] @ sides[1])


def _slopes(months: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Least-squares slopes (R,) of values (V, R), less their mean over regions and of unit length; 0 if all are one."""
    away = months - months.mean()
    slopes = away @ values / (away @ away)
    centred = slopes - slopes.mean()
    scale = np.abs(values).max(initial=0.0) / np.ptp(months)
    return centred / np.linalg.norm(centred) if (np.abs(centred) > ROUNDING * scale).any() else np.zeros_like(centred)
