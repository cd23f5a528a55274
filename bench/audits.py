"""Audits that `check simulator=NAME` runs: what global statistics give away, and what a hand-built model must show."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bench import audited
from bench.contracts import Cohort, Simulator
from bench.contracts.plugins import Shifted
from bench.contracts.validity import Validity
from bench.passes.forward import forward
from bench.passes.scores import explained
from bench.stages import truths

#: subjects a class; with fewer the interval of an AUC is wider than the tolerance of the audit
COUNT = 1000
#: how far a classifier of global statistics must stay below the reference observer where places are to be found
MARGIN = 0.10
#: the stream of a simulator with cues in which they say nothing of the label
DECORRELATED = "decorrelated"
#: explained subjects, and redraws a region, of the hand-built model
SUBJECTS, DRAWS = 4, 4


@dataclass(frozen=True)
class Audits:
    """The audits of one calibrated simulator.

    key: hash of its configuration. reference: AUC that its reference observer reached. keep: takes each finding.
    """

    simulator: Simulator
    name: str
    key: str
    reference: float
    count: int = COUNT
    keep: Callable[[audited.Audited], None] = lambda row: audited.write([row])

    def check_twins_audit(self) -> str:
        """Patients' healthy twins cannot be told from controls: equivalence, not the lack of a difference."""
        found = self._library.twins(self.simulator, self.count)
        self._keep("twins", found, "passed" if found.equivalent else "failed")
        assert found.equivalent, str(found)
        return str(found)

    def check_trivial_observer(self) -> str:
        """Global statistics tell patients from controls clearly worse than the reference observer does.

        A cue is what a task with cues is about, and the reference observer is judged where cues say nothing: so is
        this.
        """
        cued = isinstance(self.simulator, Shifted) and bool(self.simulator.splits)
        found = self._library.patients(self.simulator, self.count, DECORRELATED if cued else "test")
        limit, nowhere = self.reference - MARGIN, Validity.of(self.simulator).without_sets
        verdict = "passed" if found.auc.value <= limit else nowhere or "failed"
        self._keep("trivial observer", found, verdict)
        interval = f"{found.auc.value:.3f} ({found.auc.low:.3f} to {found.auc.high:.3f})"
        told = f"AUC of global statistics {interval}, n = {found.count} a class, at most {limit:.3f}: {verdict}"
        assert verdict != "failed", told
        return told

    def check_healthy_region(self) -> str:
        """A linear model of one region without pathology does not react to twins, and uses that region alone."""
        cohort = self.simulator.cohort(range(SUBJECTS), "evaluation")
        region, where = _healthy_region(cohort)
        if not where.any():
            return "no region is free of pathology in every subject"
        model = Reader(where, self.simulator.target, self.simulator.outputs)
        sees = [explained(forward(model, images), self.simulator.target) for images in (cohort.images, cohort.twins)]
        assert torch.equal(*sees), f"a model of {region} alone tells a subject from its twin"
        use = truths.use(model, self.simulator, cohort, DRAWS, SUBJECTS)
        assert use.regions is not None and use.floor is not None
        used = [n for n, u, f in zip(cohort.region_names, use.regions[0], use.floor[0], strict=True) if u > f]
        assert used == [region], f"a model of {region} alone is said to use {used}"
        return f"a model of {region} alone: no change to twins, use there only"

    def named(self) -> list[Callable[[], str]]:
        """The audits, quickest first."""
        return [self.check_healthy_region, self.check_twins_audit, self.check_trivial_observer]

    @property
    def _library(self) -> Any:
        """The audits belong to the simulator's package; a simulator from elsewhere brings its own."""
        package = type(self.simulator).__module__.rpartition(".")[0]
        return importlib.import_module(f"{package}.audit")

    def _keep(self, audit: str, found: Any, verdict: str) -> None:
        of = (self.name, self.key, audit, *found.auc, found.count, self.reference, verdict)
        self.keep(audited.Audited(*of))


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


def _healthy_region(cohort: Cohort) -> tuple[str, Tensor]:
    """The region with most voxels (D, H, W) common to all subjects among those in which no twin differs."""
    changed = (cohort.images != cohort.twins).any(0)
    common = [(cohort.regions == label).all(0)[0] for label in range(1, len(cohort.region_names) + 1)]
    touched = [((cohort.regions == label) & changed).any() for label in range(1, len(cohort.region_names) + 1)]
    sizes = [0 if bad else int(where.sum()) for bad, where in zip(touched, common, strict=True)]
    best = max(range(len(sizes)), key=sizes.__getitem__)
    return cohort.region_names[best], common[best] & (sizes[best] > 0)
