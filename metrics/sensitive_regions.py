"""Region metrics of sensitivities: what a region's slopes amount to where its voxels vary."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from bench.contracts import BlindSpot, Cohort, Context, MapMetric, MetricTags, Subjects, Truth, Undefined, bounded


@bounded
@dataclass(frozen=True)
class SensitiveRegions:
    """Region metric for sensitivities.

    A slope says what a unit of intensity does; times the spread of the voxel it says what the voxel does, which is what
    `use` measures. Voxels are compared as the images lie, not registered. Defined for sensitivities only.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Simonyan et al., ICLR Workshop 2014 (slopes); as the region metric it holds"
    summary: ClassVar[str] = (
        "A region metric of |map| times the standard deviation of each voxel between the explained subjects."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "group",
        True,
        (-math.inf, 1.0),
        "skill",
        truths=frozenset({"use"}),
        quantities=frozenset({"sensitivity"}),
    )
    question: ClassVar[str] = "Are the regions found by slopes times the spread of voxels?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "equal slopes everywhere, where use follows the spread",
            "test_group_stage.py::test_slopes_count_where_voxels_vary",
        ),
    )

    metric: MapMetric
    subjects: Subjects = None

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> dict[str, Tensor]:
        """Scores (N,) in the column ""; raises `Undefined` for a lone subject, whose voxels do not vary."""
        if len(maps) < 2:
            raise Undefined("the spread of voxels between subjects needs two subjects or more")
        return {"": self.metric.map(maps.abs() * cohort.images.std(dim=0), truth, context)}
