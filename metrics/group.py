"""Maps of patients against maps of controls, over the subjects of one model."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.stats import ttest_ind
from torch import Tensor

from bench.contracts import (
    BlindSpot,
    Cohort,
    Context,
    MetricTags,
    Part,
    RegionColumn,
    Subjects,
    Truth,
    Undefined,
    bounded,
)
from metrics._shared.domain import domain_of
from metrics.regions import region_mass

PATIENTS, CONTROLS = ("TP", "FN"), ("TN", "FP")


def of(strata: Sequence[str], wanted: Sequence[str]) -> Tensor:
    """(N,) bool, the subjects whose stratum is one of those wanted."""
    return torch.tensor([stratum in wanted for stratum in strata], dtype=torch.bool)


def mass_shares(maps: Tensor, domain: Tensor) -> Tensor:
    """|maps| (N, 1, D, H, W) over their sum in the domain, 0 outside; NaN where that is 0 or not finite."""
    size = maps.detach().abs().double() * domain
    total = size.flatten(1).sum(dim=1)
    return size / total.where(total > 0, math.nan)[:, None, None, None, None]


def _profiles(maps: Tensor, context: Context) -> np.ndarray:
    """(K, R) shares of the subjects whose map is not dead."""
    if context.regions is None:
        raise Undefined("group maps by region need `regions` in the context")
    masses = region_mass(mass_shares(maps, domain_of(context, maps)), context.regions, len(context.region_names))
    return np.asarray(masses)


@bounded
@dataclass(frozen=True)
class MeanMaps:
    """Distance between the mean maps of patients and controls.

    Maps are absolute and have sum 1 in the domain. Columns, one value per model: "" the Euclidean distance between the
    mean maps, voxel by voxel as the images are, over the larger norm, so that 0 is the same map for both and scale
    and grid do not matter; `patients_<region>` and `controls_<region>` the mean share of a region, the map registered
    by its subject's own labels, from which distances between methods or models are taken. Dead maps are left out.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Eitel et al., NeuroImage: Clinical 2019; Rieke et al., MLCN 2018"
    summary: ClassVar[str] = (
        "How far the mean map of true positives lies from that of true negatives, and where both lie by region."
    )
    tags: ClassVar[MetricTags] = MetricTags("group", True, (0.0, math.inf), "share of the larger norm")
    question: ClassVar[str] = "Do patients and controls have different mean maps?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "one map for all is 0, right or wrong",
            "test_group.py::test_equal_mean_maps_are_not_apart_and_a_group_without_maps_is_undefined",
        ),
    )

    subjects: Subjects = None

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> dict[str, Tensor]:
        """The columns above; NaN where a group has no map."""
        even = mass_shares(maps, domain_of(context, maps))
        profiles = _profiles(maps, context)
        columns = {"": _apart(_mean(even, of(strata, ["TP"])), _mean(even, of(strata, ["TN"])))}
        for side, wanted in (("patients", PATIENTS), ("controls", CONTROLS)):
            mean = _mean(torch.from_numpy(profiles), of(strata, wanted))
            columns |= _by_region(side, context.region_names, mean.float())
        return columns


@bounded
@dataclass(frozen=True)
class RegisteredMeanMaps:
    """Distance between mean maps after registration.

    As the column "" of `MeanMaps`, once the simulator has carried every map over, so that a structure lies in one place
    whoever's it is. Dead maps are left out.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Eitel et al., NeuroImage: Clinical 2019"
    summary: ClassVar[str] = (
        "How far the mean map of true positives lies from that of true negatives, all on the average anatomy."
    )
    tags: ClassVar[MetricTags] = MetricTags("group", True, (0.0, math.inf), "share of the larger norm")
    question: ClassVar[str] = "Do their mean maps differ where every structure lies in one place?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "one map for all heads is 0, right or wrong",
            "test_group.py::test_one_map_that_moves_with_the_head_is_one_map_once_registered",
        ),
    )

    subjects: Subjects = None

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> dict[str, Tensor]:
        """The distance; NaN where a group has no map, `Undefined` where nothing says how anatomies correspond."""
        if context.to_anatomy_of is None:
            raise Undefined("mean maps are registered only by a simulator that knows where anatomies correspond")
        even = mass_shares(maps, domain_of(context, maps)).float()
        numbers = context.subjects or tuple(range(len(maps)))
        laid = torch.stack(
            [context.to_anatomy_of(one, number, None) for one, number in zip(even, numbers, strict=True)]
        )
        return {"": _apart(_mean(laid.double(), of(strata, ["TP"])), _mean(laid.double(), of(strata, ["TN"])))}


@bounded
@dataclass(frozen=True)
class ClassDifference:
    """Regional t-tests between patients and controls.

    Maps are registered by region: a subject's |map|, of sum 1 in its domain, is summed over its own labels. Welch's t
    a region, Bonferroni over regions. Columns, one value per model: "" the share, `t_<region>` the t of patients less
    controls. A region whose share does not vary between subjects is not tested.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Welch, Biometrika 1947; Friston et al., Human Brain Mapping 1995 (maps of t)"
    summary: ClassVar[str] = (
        "Share of regions whose part of the map differs between patients and controls, at a family-wise `level`."
    )
    tags: ClassVar[MetricTags] = MetricTags("group", True, (0.0, 1.0), "share of regions", fewest_subjects=4)
    question: ClassVar[str] = "In which regions do the maps of patients and controls differ?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "shares of one whole: one marked region moves all",
            "test_group.py::test_a_marked_region_differs_and_noise_does_not_more_often_than_its_level",
        ),
    )

    level: Part = 0.05
    subjects: Subjects = None

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> dict[str, Tensor]:
        """The columns above; raises `Undefined` unless each group has two maps that are not dead."""
        profiles = _profiles(maps, context)
        sides = [profiles[of(strata, wanted).numpy()] for wanted in (PATIENTS, CONTROLS)]
        patients, controls = (side[np.isfinite(side).all(axis=1)] for side in sides)
        if min(len(patients), len(controls)) < 2:
            raise Undefined("a class difference needs two patients and two controls whose maps are not dead")
        t, p = _welch(patients, controls)
        tested = np.isfinite(p)
        share = (p[tested] * tested.sum() < self.level).mean() if tested.any() else math.nan
        columns = {"": share, **_by_region("t", context.region_names, t)}
        return {name: torch.tensor(value, dtype=torch.float32) for name, value in columns.items()}


def _by_region(quantity: str, names: tuple[str, ...], values: Iterable[Any]) -> dict[str, Any]:
    return {str(RegionColumn(quantity, name)): value for name, value in zip(names, values, strict=True)}


def _welch(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """t and two-sided p (R,) of samples (N, R) and (M, R); NaN where neither varies."""
    varies = (np.ptp(a, axis=0) > 0) | (np.ptp(b, axis=0) > 0)
    t, p = np.full((2, a.shape[1]), math.nan)
    t[varies], p[varies] = ttest_ind(a[:, varies], b[:, varies], equal_var=False)
    return t, p


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean over the chosen rows (N, ...) that are finite; NaN without one."""
    alive = values[chosen & values.flatten(1).isfinite().all(dim=1)]
    return alive.mean(dim=0)


def _apart(a: Tensor, b: Tensor) -> Tensor:
    return ((a - b).norm() / torch.maximum(a.norm(), b.norm())).float()
