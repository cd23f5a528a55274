"""Mass that a map spends on voxels that are no disease: lesions without meaning, suppressors, cues."""

from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from bench.contracts import BlindSpot, Context, MetricTags, Truth, bounded
from metrics._shared.domain import domain_of
from metrics.overlap import RelevanceMass


@bounded
@dataclass(frozen=True)
class DistractorMass(RelevanceMass):
    """Relevance mass on distractors.

    The domain takes in what the truth holds outside of it, so that a cue beyond the brain counts. Chance is the share
    of the domain that B_q takes, which differs between subjects: read it beside the controls. A map of zeros weighs
    every voxel alike and scores that. Undefined for a subject that carries nothing of the kind.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Arras et al., CLEVR-XAI, Information Fusion 2022 (relevance mass); Wilming et al., Scrutinizing XAI using "
        "linear ground-truth data with suppressor variables, Machine Learning 2022"
    )
    summary: ClassVar[str] = "Share of the map's absolute mass in B_q of what is not disease: 0 none, 1 all."
    # of sets of its own, which exist where those of the disease do not
    tags: ClassVar[MetricTags] = MetricTags(
        "map",
        False,
        (0.0, 1.0),
        "share",
        truths=frozenset({"distractor", "suppressor", "cue"}),
        laws=frozenset({"domain", "section"}),
    )
    question: ClassVar[str] = "How much of the map is spent on what is no disease?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("whatever the rest of the map marks", "test_distractor.py::test_it_sees_nothing_else"),
    )

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Shares (N,) of maps (N, 1, D, H, W)."""
        domain = domain_of(context, maps)
        # another shape is for the guard of every truth to refuse
        if truth is not None and truth.volume is not None and truth.volume.shape == maps.shape:
            domain = domain | (truth.volume.to(domain.device) != 0)
        return super().map(maps, truth, replace(context, domain=domain))
