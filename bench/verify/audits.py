"""Audits that `check simulator=NAME` runs: what global statistics give away, and what a hand-built model must show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from bench.contracts import Audit, Cohort, Simulator, Truth, Validity
from bench.passes.discrimination import AUC
from bench.passes.forward import forward
from bench.passes.scores import explained
from bench.stages.audit_bank import AUDITED, DECORRELATED
from bench.stages.redraw import redraws_of
from bench.stages.use import use
from bench.tables import simulator_audits

#: how far a classifier of global statistics must stay below the reference observer where places are to be found
MARGIN = 0.10
#: the stream that truths of the population are estimated on
POPULATION = "population"
#: explained subjects, and redraws a region, of the hand-built model
SUBJECTS, DRAWS = 4, 4
#: subjects in both states that association is estimated on
PAIRS = 40


@dataclass(frozen=True)
class Audits:
    """The audits of one calibrated simulator.

    key: hash of its configuration. reference: AUC that its reference observer reached; references: that of every two
    classes where there are more ("0-2"). keep: takes each finding.
    """

    simulator: Simulator
    name: str
    key: str
    reference: float
    count: int = AUDITED
    keep: Callable[[simulator_audits.Audited], None] = lambda row: None
    references: Mapping[str, float] = field(default_factory=dict)

    def check_twins_audit(self) -> str:
        """Patients without their disease cannot be told from controls: equivalence, not the lack of a difference."""
        return self._equivalent("twins", self.simulator.audit(self.count, healthy=True)[""], self.reference)

    def check_trivial_observer(self) -> str:
        """Global statistics tell patients from controls clearly worse than the reference observer does.

        A cue is what a task with cues is about, and the reference observer is judged where cues say nothing: so is
        this.
        """
        audits = self.simulator.audit(self.count, self._stream)
        return self._worse("trivial observer", audits[""], self.reference)

    def check_further_classes(self) -> str:
        """Of every two further classes, twins without the disease and patients are as those of the explained ones.

        Twins are twice as many: with one pair after the other, one that is equivalent is seldom to fail by chance.
        """
        sentences = []
        for pair, audit in self.simulator.audit(2 * self.count, healthy=True, further=True).items():
            sentences.append(f"{pair} " + self._equivalent(f"twins {pair}", audit, self.references[pair]))
        for pair, audit in self.simulator.audit(self.count, self._stream, further=True).items():
            sentences.append(f"{pair} " + self._worse(f"trivial observer {pair}", audit, self.references[pair]))
        return "; ".join(sentences)

    def check_association(self) -> str:
        """Association is exactly zero in every region that the pathology never changes in as many subjects."""
        undefined = Validity.of(self.simulator).undefined.get("association")
        if undefined:
            return f"no association: {undefined}"
        # the explained two of several classes give as many pairs
        subjects = range(PAIRS * max(2, self.simulator.outputs) // 2)
        names = self._never_changed(subjects)
        population = self.simulator.population(range(SUBJECTS), "evaluation", PAIRS)
        if "association" not in population:
            return "no association: the simulator knows no population"
        truth = population["association"]
        rows = {n: (v, f) for n, v, f in zip(self.simulator.region_names, *_first(truth), strict=True) if n in names}
        if not rows:
            return "no region is free of pathology in every subject"
        worst = max(rows, key=lambda name: abs(rows[name][0]))
        value, floor = rows[worst]
        auc = AUC(0.5 + value, 0.5 + value - floor, 0.5 + value + floor)
        self._keep("association", auc, PAIRS, self.reference, "failed" if value else "passed")
        sentence = f"association {value:.3f} in {worst}, of {len(rows)} regions that the pathology never changes"
        assert value == 0, sentence
        return sentence

    def _never_changed(self, subjects: Sequence[int]) -> set[str]:
        """Regions that the pathology leaves as they are: of a value, from one end of its range to the other."""
        cohort = self.simulator.cohort(subjects, POPULATION)
        if self.simulator.kind == "classes":
            return _healthy(cohort)
        least, most = (self.simulator.sample(subjects, POPULATION, {"strength": end}).images for end in (0.0, 1.0))
        return _regions_without(least != most, cohort)

    def check_healthy_region(self) -> str:
        """A linear model of one region without pathology does not react to twins, and uses that region alone."""
        if self.simulator.mixes:
            return "the scan mixes voxels: no model reads one region alone"
        cohort = self.simulator.cohort(range(SUBJECTS), "evaluation")
        region, where = _healthy_region(cohort)
        if not where.any():
            return "no region is free of pathology in every subject"
        model = Reader(where, self.simulator.target, self.simulator.outputs)
        sees = [explained(forward(model, images), self.simulator.target) for images in (cohort.images, cohort.twins)]
        assert torch.equal(*sees), f"a model of {region} alone tells a subject from its twin"
        truth = use(model, redraws_of(self.simulator, cohort, DRAWS), cohort, self.simulator.target)
        assert truth.size is not None and truth.floor is not None
        # where nothing changes only rounding is left of the floor
        reacts = (truth.size > truth.floor.min()).any(0)
        used = [name for name, does in zip(cohort.region_names, reacts.tolist(), strict=True) if does]
        assert used == [region], f"a model of {region} alone is said to use {used}"
        return f"a model of {region} alone: no change to twins, use there only"

    def named(self) -> list[Callable[[], str]]:
        """The audits, quickest first."""
        further = [self.check_further_classes] if self.simulator.outputs > 2 else []
        return [
            self.check_healthy_region,
            self.check_association,
            self.check_twins_audit,
            self.check_trivial_observer,
            *further,
        ]

    @property
    def _stream(self) -> str:
        """Test subjects of whom no cue says anything."""
        return DECORRELATED if self.simulator.splits else "test"

    def _equivalent(self, audit: str, result: Audit, reference: float) -> str:
        self._keep(audit, _auc(result), result.count, reference, "passed" if result.equivalent else "failed")
        assert result.equivalent, f"{audit}: {result}"
        return str(result)

    def _worse(self, audit: str, result: Audit, reference: float) -> str:
        limit, nowhere = reference - MARGIN, Validity.of(self.simulator).without_sets
        verdict = "passed" if result.value <= limit else nowhere or "failed"
        self._keep(audit, _auc(result), result.count, reference, verdict)
        interval = f"{result.value:.3f} ({result.low:.3f} to {result.high:.3f})"
        sentence = f"AUC of global statistics {interval}, n = {result.count} a class, at most {limit:.3f}: {verdict}"
        assert verdict != "failed", f"{audit}: {sentence}"
        return sentence

    def _keep(self, audit: str, auc: AUC, count: int, reference: float, verdict: str) -> None:
        self.keep(simulator_audits.Audited(self.name, self.key, audit, *auc, count, reference, verdict))


class Reader(nn.Module):
    """The mean of some voxels (D, H, W) as the score that is explained; every other output is 0."""

    weights: Tensor

    def __init__(self, where: Tensor, target: Any, outputs: int) -> None:
        super().__init__()
        self.register_buffer("weights", where.float() / where.sum())
        self.output = target[0] if isinstance(target, tuple) else target
        self.outputs = outputs

    def forward(self, images: Tensor) -> Tensor:
        """Outputs (N, K) of images (N, 1, D, H, W)."""
        scores = images.new_zeros(len(images), self.outputs)
        scores[:, self.output] = (images[:, 0] * self.weights).flatten(1).sum(1)
        return scores


def _auc(audit: Audit) -> AUC:
    return AUC(audit.value, audit.low, audit.high)


def _healthy_region(cohort: Cohort) -> tuple[str, Tensor]:
    """The region with most voxels (D, H, W) common to all subjects among those in which no twin differs."""
    healthy = _healthy(cohort)
    common = [(cohort.regions == label).all(0)[0] for label in range(1, len(cohort.region_names) + 1)]
    sizes = [int(where.sum()) * (name in healthy) for name, where in zip(cohort.region_names, common, strict=True)]
    best = max(range(len(sizes)), key=sizes.__getitem__)
    return cohort.region_names[best], common[best] & (sizes[best] > 0)


def _healthy(cohort: Cohort) -> set[str]:
    """Regions of which no subject's own voxels differ from its twin's."""
    return _regions_without(cohort.images != cohort.twins, cohort)


def _regions_without(changed: Tensor, cohort: Cohort) -> set[str]:
    """Regions of which no voxel (N, 1, D, H, W) of any subject has changed."""
    touched = set(cohort.regions[changed].unique().tolist())
    return {name for label, name in enumerate(cohort.region_names, start=1) if label not in touched}


def _first(truth: Truth) -> tuple[list[float], list[float]]:
    """Values and floors of a truth's regions, which all subjects share."""
    assert truth.regions is not None and truth.floor is not None
    return truth.regions[0].tolist(), truth.floor[0].tolist()
