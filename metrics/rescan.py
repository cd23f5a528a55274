"""Scan-rescan: whether a second scan of the same head gets the same map."""

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import (
    BlindSpot,
    Cohort,
    Context,
    Count,
    Explain,
    MetricTags,
    RegionColumn,
    Subjects,
    Undefined,
    bounded,
)
from metrics._shared.agreement import icc
from metrics._shared.similarity import nanmean, rank_vector
from metrics.regions import labels_within, region_mass


@bounded
@dataclass(frozen=True)
class ScanRescan:
    """Scan-rescan reliability of a map.

    A rescan redraws what a scanner draws (noise, bias, gain, position) and keeps the head. Columns: "" the mean ICC of
    the regions that have one, `icc_<region>` that of each, one value per model; and `profile` (N,), the mean Spearman
    correlation of a subject's regional masses between its scans. The regions, and the domain in which their voxels
    count, are those of the first scan: the head moves by a fraction of a voxel.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Shrout & Fleiss, Intraclass correlations, Psychological Bulletin 1979"
    summary: ClassVar[str] = (
        "ICC(1,1) over subjects of the map's mass in a region, between scans of the same heads; mean over regions."
    )
    tags: ClassVar[MetricTags] = MetricTags("explainer", True, (-1.0, 1.0), "intraclass correlation", fewest_subjects=2)
    question: ClassVar[str] = "Does another scan give the same map?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a constant has no agreement to judge",
            "test_rescan.py::test_a_constant_explanation_has_no_agreement_to_judge",
        ),
    )

    rescans: Count = 2
    subjects: Subjects = 8

    def explainer(self, explain: Explain, model: nn.Module, cohort: Cohort, context: Context) -> dict[str, Tensor]:
        """The columns above; raises `Undefined` for fewer than two subjects or without a simulator that rescans."""
        again = context.rescans
        if again is None:
            raise Undefined("scan-rescan needs a simulator behind the images that can scan its subjects again")
        if len(cohort) < 2:
            raise Undefined("scan-rescan needs two subjects or more: agreement is judged against their differences")
        others = torch.stack([again(subject, self.rescans) for subject in cohort.subjects.tolist()], dim=1)
        scans = [cohort.images, *others.to(cohort.images)]
        labels, count = labels_within(cohort.regions, cohort.images, context), len(cohort.region_names)
        masses = [region_mass(explain(model, scan, context).detach().abs(), labels, count) for scan in scans]
        return _columns(np.stack(masses, axis=1), cohort.region_names)


def _columns(masses: np.ndarray, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Columns of masses (N, scans, R)."""
    agreement = icc(masses)
    profiles = [[rank_vector(scan) for scan in subject] for subject in masses]
    alike = np.array([[float(a @ b) for a, b in combinations(subject, 2)] for subject in profiles])
    regions = {str(RegionColumn("icc", name)): value for name, value in zip(names, agreement, strict=True)}
    columns = {"": nanmean(agreement), **regions, "profile": nanmean(alike)}
    return {name: torch.as_tensor(value, dtype=torch.float32) for name, value in columns.items()}
