"""Individual gain: a subject's own map against the maps of others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts import (
    BlindSpot,
    Cohort,
    Context,
    Count,
    MapMetric,
    MetricTags,
    Share,
    Subjects,
    Truth,
    Undefined,
    bounded,
)
from metrics.group import CONTROLS, PATIENTS, of


@bounded
@dataclass(frozen=True)
class IndividualGain:
    """Individual gain: a subject's own map against those of others.

    0: the map says no more of this subject than of its class. The others are the next `donors` subjects of the class
    by number, cyclically; each is carried to the subject's anatomy by the deformations that the simulator drew, with
    one linear interpolation. Columns, each (N,): "" the gain, `own`, `others`. NaN for a subject alone in its class or
    on neither side.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Arun et al., Radiology: AI 2021 (maps of other subjects as a floor)"
    summary: ClassVar[str] = (
        "Score of a subject's own |map| less that of other subjects' maps of the same class, warped over to it."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "group", True, (-math.inf, math.inf), "skill", truths=frozenset({"counterfactual", "planted"}), sets=True
    )
    question: ClassVar[str] = "Is the map of this subject?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "one map for a class scores 0, right or wrong",
            "test_group.py::test_one_map_for_all_is_of_nobody_and_the_own_truth_is_of_oneself",
        ),
        BlindSpot(
            "a template of the disease's place that is blended with a little of the gradient",
            "test_blends.py::test_blends_pass_the_gates_of_gain",
        ),
    )

    metric: MapMetric
    donors: Count = 3
    subjects: Subjects = 16

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> dict[str, Tensor]:
        """The columns above; raises `Undefined` where nothing says how anatomies correspond."""
        size, numbers = maps.abs(), context.subjects or tuple(range(len(maps)))
        scores = self.metric.map(size, truth, context)
        rounds = [self._donors(strata, numbers, step) for step in range(1, self.donors + 1)]
        laid = [
            self.metric.map(_laid(size, rows, numbers, context), truth, context).where(rows != _rows(maps), torch.nan)
            for rows in rounds
        ]
        others = torch.stack(laid).nanmean(dim=0)
        return {"": scores - others, "own": scores, "others": others}

    def _donors(self, strata: Sequence[str], numbers: Sequence[int], step: int) -> Tensor:
        """(N,) row of the subject `step` places on in the class; its own where the class ends before."""
        rows = torch.arange(len(strata))
        for wanted in (PATIENTS, CONTROLS):
            members = of(strata, wanted).nonzero().flatten()
            ordered = members[torch.tensor([numbers[m] for m in members.tolist()]).argsort()]
            if step < len(ordered):
                rows[ordered] = ordered.roll(-step)
        return rows


@bounded
@dataclass(frozen=True)
class IndividualShare(IndividualGain):
    """Individual share: whether the larger part of a map's score is of this subject.

    The score of the own map, less the share `least` of it, less that of other subjects' maps. A map that other
    patients' maps score half as well as is a template. Where the place of disease is fixed that is so of every map, the
    truth itself among them, and the metric has no value. Columns as those of `IndividualGain`.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = IndividualGain.reference
    summary: ClassVar[str] = (
        "Score of a subject's own |map|, less the share `least` of it, less that of other subjects' maps."
    )
    tags: ClassVar[MetricTags] = replace(IndividualGain.tags, floor=0.0, individual=True)
    question: ClassVar[str] = "Is most of the score of this subject, or is the map a template?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a gradient that is weighted by a template which knows nothing",
            "test_blends.py::test_a_gradient_weighted_by_an_empty_template_is_the_gradient_and_no_better",
        ),
    )

    least: Share = 0.5

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> dict[str, Tensor]:
        """The columns of `IndividualGain`, the first less `least` of the own map's score."""
        columns = super().group(maps, truth, strata, cohort, context)
        return {**columns, "": columns[""] - self.least * columns["own"]}


def _laid(maps: Tensor, rows: Tensor, numbers: Sequence[int], context: Context) -> Tensor:
    """(N, 1, D, H, W): for each subject the map in the row chosen for it, on the subject's own anatomy."""
    if context.to_anatomy_of is None:
        raise Undefined("laying one subject's map on another needs a simulator that knows where anatomies correspond")
    donors = [numbers[row] for row in rows.tolist()]
    return torch.stack([context.to_anatomy_of(maps[d], a, b) for d, a, b in zip(rows, donors, numbers, strict=True)])


def _rows(maps: Tensor) -> Tensor:
    return torch.arange(len(maps))
