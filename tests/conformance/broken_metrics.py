"""One wrong metric per check: it fails that check and no other."""

import math
from dataclasses import dataclass, replace

import torch

from bench.checks import metrics as checks
from metrics.infidelity import Infidelity, InfidelityRank
from metrics.overlap import AveragePrecision, RelevanceMass, RocAuc
from metrics.perturbations import GaussianNoise, Patch
from metrics.ranking import average_precision, tie_groups


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
        return values - maps.sign().mean()


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
        return super()._subject(values, (truth.abs() > 1.5).float())


class ScoresTheField(InfidelityRank):
    def model(self, attributions, quantities, outputs, context):
        values = super().model(attributions, quantities, outputs, context)
        return {name: value - 0.01 * len(values) for name, value in values.items()}


BROKEN = {
    checks.one_value_a_subject: KeepsAnAxis(),
    checks.within_bounds: Percent(),
    checks.any_order: HalvesByPosition(GaussianNoise()),
    checks.inputs_are_kept: NormalisesInPlace(),
    checks.random_state_is_kept: SeedsTheWorld(),
    checks.oracle_leads: UpsideDown(),
    checks.exact_beats_random: ForgetsDirection(Patch()),
    checks.chance_is_reached: Uncorrected(),
    checks.alone_as_in_batch: CentresOnTheBatch(),
    checks.empty_truth_is_undefined: EmptyIsAHit(),
    checks.plain_maps_have_scores: RefusesConstants(),
    checks.broken_maps_are_undefined: FillsHoles(),
    checks.axes_have_no_direction: BreaksTiesByIndex(),
    checks.truth_scale_is_free: CutsTheTruthAtAnIntensity(),
    checks.other_methods_do_not_matter: ScoresTheField(Patch()),
    checks.scale_is_free: Saturates(),
}
