"""Courses that are foretold: how much of the true change a year a map of changes explains, region by region."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BlindSpot, Cohort, Context, MetricTags, Subjects, Truth, bounded
from metrics.trend import Followed


@bounded
@dataclass(frozen=True)
class CourseSkill:
    """Skill of a map of changes: how much nearer to the true course it is than no change, over regions.

    The true course is what a year adds to the disease of a person, in units of the image: the least-squares slope of
    the counterfactual over all visits. E is the sum over regions of the squared difference of both regional means, E0
    that of no change. The skill is (E0 - E) / max(E0, E): where a map helps, the share of the squared true change that
    it explains; where it is worse than none, E0 / E - 1, as the share has no lower end and a few patients who hardly
    change would decide every mean. 1 the truth, 0 no change, near -1 one that has nothing to do with it.
    Of the first visit of a patient, so that a course is foretold and a person counts once.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Murphy, Monthly Weather Review 1988 (skill score of squared errors)"
    summary: ClassVar[str] = (
        "Share of the squared true change a year that a map of changes explains by region: 1 all, 0 as no change does."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "group",
        True,
        (-1.0, 1.0),
        "share",
        chance=0.0,
        truths=frozenset({"course"}),
        quantities=frozenset({"change"}),
        regional=True,
        fewest_subjects=4,
        missing="a course is foretold at the first visit of a patient: there is none of controls, of later visits, and "
        "where no disease grows",
    )
    question: ClassVar[str] = "Is the disease foretold to grow where and as fast as it does?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("the place within a region", "test_course.py::test_skill_sees_no_place_within_a_region"),
        BlindSpot("who it is that changes", "test_course.py::test_the_mean_course_of_others_has_skill"),
    )

    subjects: Subjects = None

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> dict[str, Tensor]:
        """The skill of each patient (N,); raises `Undefined` where subjects are no visits of persons."""
        seen = Followed.of(maps, truth, cohort, context, self)
        foretold = seen.means(maps)
        values = torch.full((len(maps),), math.nan)
        for row in (row for row, visit in seen.visits.items() if visit.number == 0):
            values[row] = _skill(foretold[row], seen.true[row])
        return {"": values}


def _skill(foretold: np.ndarray, wanted: np.ndarray) -> float:
    """Skill of means (R,) beside the true ones, over regions that have voxels."""
    there = np.isfinite(wanted)
    error, none = (float(np.square(away[there]).sum()) for away in (foretold - wanted, wanted))
    return (none - error) / max(none, error) if none > 0 and math.isfinite(error) else math.nan
