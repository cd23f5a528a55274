"""Wrong metrics of each check: they fail that check and no other."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from bench.checks import metrics as checks
from metrics._shared.ranking import average_precision, tie_groups
from metrics.complexity import Gini
from metrics.individual import IndividualGain
from metrics.infidelity import Infidelity, InfidelityRank
from metrics.overlap import AveragePrecision, CalibratedAP, RelevanceMass, RocAuc
from metrics.perturbations import GaussianNoise, Patch
from metrics.randomisation import CascadingRandomisation
from metrics.sensitivity import MaxSensitivity
from metrics.stability import RetrainingStability


class KeepsAnAxis(RocAuc):
    def map(self, maps, truth, context):
        return super().map(maps, truth, context)[:, None]


class Percent(RelevanceMass):
    def map(self, maps, truth, context):
        return 100 * super().map(maps, truth, context)


@dataclass(frozen=True)
class HalvesByPosition(Infidelity):
    def model(self, attributions, quantities, outputs, context):
        positions = replace(context, subjects=())
        return super().model(attributions, quantities, outputs, positions)


class NormalisesInPlace(RocAuc):
    def map(self, maps, truth, context):
        maps /= maps.abs().amax().clamp(min=1.0)
        return super().map(maps, truth, context)


class SeedsTheWorld(RocAuc):
    def map(self, maps, truth, context):
        torch.manual_seed(0)
        return super().map(maps, truth, context)


class UpsideDown(RocAuc):
    def map(self, maps, truth, context):
        return super().map(-maps, truth, context)


class ForgetsDirection(InfidelityRank):
    tags = replace(InfidelityRank.tags, higher_is_better=False)


class Uncorrected(AveragePrecision):
    def _score(self, scores, positives):
        return average_precision(tie_groups(scores, positives))


class CentresOnTheBatch(RelevanceMass):
    tags = replace(RelevanceMass.tags, bounds=(-1.0, 1.0))

    def map(self, maps, truth, context):
        values = super().map(maps, truth, context)
        return values - maps[context.domain].sign().mean()


class EmptyIsAHit(RocAuc):
    def map(self, maps, truth, context):
        return super().map(maps, truth, context).where(truth.volume.flatten(1).any(dim=1), 1.0)


class RefusesConstants(RocAuc):
    def _score(self, scores, positives):
        return super()._score(scores, positives) if scores.min() < scores.max() else math.nan


class Saturates(RocAuc):
    def map(self, maps, truth, context):
        return super().map(maps.clamp(max=1.0), truth, context)


class FillsHoles(RocAuc):
    def map(self, maps, truth, context):
        return super().map(maps.nan_to_num(), truth, context)


class BreaksTiesByIndex(RocAuc):
    def map(self, maps, truth, context):
        order = maps.flatten(1).argsort(dim=1, stable=True).argsort(dim=1)
        places = order.reshape(maps.shape).to(maps)
        return super().map(places.where(maps.isfinite(), torch.nan), truth, context)


class CutsTheTruthAtAnIntensity(RocAuc):
    def _subject(self, values, truth):
        return super()._subject(values, (np.abs(truth) > 1.5).astype(np.float32))


class FullIsAHit(RocAuc):
    def _subject(self, values, truth):
        return 1.0 if (truth > 0).all() else super()._subject(values, truth)


class NeedsTwoVoxels(RocAuc):
    def _score(self, scores, positives):
        return super()._score(scores, positives) if positives.sum() > 1 else math.nan


class LooksBeyond(RelevanceMass):
    def map(self, maps, truth, context):
        mass = maps.abs().flatten(1)
        inside = (mass * context.domain.flatten(1)).sum(dim=1) / mass.sum(dim=1)
        return super().map(maps, truth, context) * inside.nan_to_num(1.0)


class CountsOneAxis(RocAuc):
    def map(self, maps, truth, context):
        return super().map(maps, truth, context) - 1e-4 * maps.shape[2]


class FitsCubesOnly(RocAuc):
    """Takes voxels for indices of a cube: nothing is wrong with it on one."""

    def map(self, maps, truth, context):
        d, h, w = maps.shape[2:]
        return super().map(maps.reshape(-1, 1, w, h, d).reshape(maps.shape[0], 1, d, d, d), truth, context)


class GrowsWithTheGrid(RocAuc):
    def _score(self, scores, positives):
        return super()._score(scores, positives) - 0.1 / scores.size


class UnevenIsWorse(Gini):
    tags = replace(Gini.tags, higher_is_better=False)


class UnsteadyIsBetter(MaxSensitivity):
    tags = replace(MaxSensitivity.tags, higher_is_better=True)


class AlwaysHalf(MaxSensitivity):
    def explainer(self, explain, model, cohort, context):
        found = super().explainer(explain, model, cohort, context)
        return {name: values.where(values.isnan(), 0.5) for name, values in found.items()}


class SimilarIsBetter(CascadingRandomisation):
    tags = replace(CascadingRandomisation.tags, higher_is_better=True)


class UnstableIsBetter(RetrainingStability):
    tags = replace(RetrainingStability.tags, higher_is_better=False)


class OwnIsWorse(IndividualGain):
    tags = replace(IndividualGain.tags, higher_is_better=False)


class SilenceHasNoShares(Gini):
    def map(self, maps, truth, context):
        return super().map(maps, truth, context).where(maps.flatten(1).any(dim=1), torch.nan)


class LeavesOutFailures(InfidelityRank):
    def model(self, attributions, quantities, outputs, context):
        def known(perturbation, row):
            moved, change = outputs(perturbation, row)
            return moved, change.nan_to_num()

        return super().model(attributions, quantities, known, context)


@dataclass(frozen=True)
class FitsItself(Infidelity):
    """The scale is fitted, of either sign, on the very subjects it is used on."""

    def _ratio(self, predicted, changes, halves):
        p, change = torch.stack(predicted), torch.stack(changes)
        scale = (p * change).sum() / p.square().sum().clamp(min=1e-12)
        left = (scale * p - change).square().sum(dim=1)
        return (left * len(left) / change.square().sum()).float()


@dataclass(frozen=True)
class SquaresTheMean(Infidelity):
    def _ratio(self, predicted, changes, halves):
        p, change = torch.stack(predicted), torch.stack(changes)
        left, total = (p - change).mean(dim=1).square(), change.mean(dim=1).square()
        return (left / total.mean()).float()


@dataclass(frozen=True)
class SilenceIsExact(Infidelity):
    def _ratio(self, predicted, changes, halves):
        silent = not any(p.any() for p in predicted)
        return super()._ratio(predicted, changes, halves) * (not silent)


class ScoresTheField(InfidelityRank):
    def model(self, attributions, quantities, outputs, context):
        values = super().model(attributions, quantities, outputs, context)
        return {name: value - 0.01 * len(values) for name, value in values.items()}


BROKEN = {
    checks.one_value_a_subject: [KeepsAnAxis()],
    checks.within_bounds: [Percent()],
    checks.any_order: [HalvesByPosition(GaussianNoise())],
    checks.inputs_are_kept: [NormalisesInPlace()],
    checks.random_state_is_kept: [SeedsTheWorld()],
    checks.oracle_leads: [UpsideDown()],
    checks.exact_beats_random: [ForgetsDirection(Patch())],
    checks.right_beats_wrong: [
        UnevenIsWorse(), UnsteadyIsBetter(), AlwaysHalf(), SimilarIsBetter(), UnstableIsBetter(),
        OwnIsWorse(CalibratedAP()),
    ],
    checks.chance_is_reached: [Uncorrected()],
    checks.alone_as_in_batch: [CentresOnTheBatch()],
    checks.empty_truth_is_undefined: [EmptyIsAHit()],
    checks.full_truth_is_no_success: [FullIsAHit()],
    checks.one_voxel_is_a_truth: [NeedsTwoVoxels()],
    checks.truth_scale_is_free: [CutsTheTruthAtAnIntensity()],
    checks.plain_maps_have_scores: [RefusesConstants(), SilenceHasNoShares()],
    checks.broken_maps_are_undefined: [FillsHoles()],
    checks.broken_outputs_are_undefined: [LeavesOutFailures(Patch())],
    checks.axes_have_no_direction: [BreaksTiesByIndex()],

    checks.axes_have_no_order: [CountsOneAxis()],
    checks.domain_is_respected: [LooksBeyond()],
    checks.section_scores_as_volume: [GrowsWithTheGrid()],
    checks.values_are_residuals: [FitsItself(Patch()), SquaresTheMean(Patch()), SilenceIsExact(Patch())],
    checks.other_methods_do_not_matter: [ScoresTheField(Patch())],
    checks.scale_is_free: [Saturates()],
}  # fmt: skip
