"""A simulator: anatomy + local variation + pathology + task + contrast + scanner."""

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache, partial, reduce
from numbers import Integral
from operator import or_
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from bench.contracts import (
    Audit,
    Batch,
    Between,
    Cohort,
    NonNegative,
    Realism,
    Redraws,
    Simulator,
    Truth,
    Visit,
    bounded,
    impossible,
)
from bench.contracts.simulator import Heads
from bench.contracts.validity import Validity
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.origin import file_of, heads_of
from simulators.anatomy.protocol import Anatomy
from simulators.audit import audit
from simulators.contrast import Contrast
from simulators.demands import require_possible
from simulators.draw.bank import Bank, fill
from simulators.draw.scene import Scene
from simulators.draw.subject import draw, healthy
from simulators.intervene.do import Do, intervened
from simulators.intervene.redraw import redraws
from simulators.intervene.regions import switches
from simulators.intervene.scan import intervene
from simulators.intervene.strata import stratified
from simulators.local import Variation
from simulators.nuisance import Scanner
from simulators.parts import Parts
from simulators.pathology.one_of import OneOf
from simulators.pathology.protocol import Pathology
from simulators.pathology.several import Several
from simulators.realism.measure import beside_norms
from simulators.record import descriptions, record
from simulators.separability import FIT, STREAM, VERIFY, calibrate
from simulators.task.protocol import Task
from simulators.task.single import SingleCause
from simulators.truths.cohort import explained_cohort
from simulators.truths.grouping import COMMON_PLACE, Where, family, place
from simulators.truths.not_disease import missing
from simulators.truths.off_target import confined
from simulators.truths.registration import laid, source_voxels
from simulators.truths.shared import shared


@bounded
@dataclass(frozen=True)
class Brain(Simulator):
    """Synthetic brains with a planted pathology.

    separability: AUC asked of the reference observer; `amplitude` is what calibration found to reach it (tissue share
    lost at severity 1), None before. data_seed: other subjects in training, validation and test.
    """

    version: ClassVar[str] = "1"
    pathology: Pathology | Several | OneOf
    anatomy: Anatomy = field(default_factory=MNI152)
    local: Variation = field(default_factory=Variation)
    contrast: Contrast = field(default_factory=Contrast)
    nuisance: Scanner = field(default_factory=Scanner)
    task: Task = field(default_factory=SingleCause)
    separability: Annotated[float, Between(0.55, 0.999, unit="(AUC of the reference observer)")] = 0.95
    amplitude: NonNegative | None = None
    data_seed: Annotated[int, Between(0, 2**31 - 1)] = 0
    bank: Bank | None = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        require_possible(self.parts, self.separability)

    @cached_property
    def parts(self) -> Parts:
        """The components, bound once."""
        components = {part.name: getattr(self, part.name) for part in fields(Parts)}
        return Parts(**components)

    @property
    def validity(self) -> Validity:
        """The gaps of the parts, and what is not disease and does not occur."""
        gaps = reduce(or_, (Validity.of(getattr(self, part.name)) for part in fields(self)))
        common = COMMON_PLACE if self.place == "fixed" else ""
        once = {} if self.task.labels.visits > 1 else {"course": "every subject is another person, seen once"}
        gaps = Validity({**missing(self.parts), **once}, common_place=common) | gaps
        # a task that has no edit beside the counterfactual has one where the pathology moves anatomy
        edit = {"edit"} if confined(self.parts) else set()
        return replace(gaps, undefined={truth: why for truth, why in gaps.undefined.items() if truth not in edit})

    @property
    def summary(self) -> str:
        """The pathology in one sentence per kind of part."""
        return " ".join(dict.fromkeys(part.law.summary for part in self.parts.pathologies))

    @property
    def family(self) -> str:
        """The families of what makes a patient."""
        return family(self.parts)

    @cached_property
    def place(self) -> Where:
        """Whether the disease lies elsewhere in the next patient."""
        return place(self.parts)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Grid (D, H, W)."""
        return self.parts.shape

    @property
    def heads(self) -> Heads:
        """What the anatomy's heads are taken from."""
        return heads_of(self.anatomy)

    def source(self, subject: int, stream: str) -> str:
        """The scan that a subject was taken from, by its name within the folder of scans; "" for other anatomies."""
        return file_of(self.anatomy, self.scene(subject, stream).shape)

    def visit(self, subject: int, stream: str) -> Visit | None:
        """The visit of a person that a subject is, as the task has it."""
        return self.task.visit(subject, stream)

    @property
    def modality(self) -> str:
        """BIDS suffix of the images."""
        return self.contrast.modality

    @property
    def region_names(self) -> tuple[str, ...]:
        """Region r of a label map is `region_names[r - 1]`."""
        return self.parts.names

    @property
    def atlas(self) -> Tensor:
        """(D, H, W) int64: the template's regions, 0 outside; subjects are deformations of it."""
        return torch.from_numpy(self.anatomy.template.labels.astype(np.int64))

    @property
    def kind(self) -> Literal["classes", "regression"]:
        """Kind of the targets: classes (int64) or values (float32)."""
        return self.parts.labels.kind

    @property
    def target(self) -> int | tuple[int, int]:
        """The explained score of the task."""
        return self.parts.labels.target

    @property
    def outputs(self) -> int:
        """Outputs a network needs for the task."""
        return self.parts.labels.outputs

    @property
    def splits(self) -> tuple[str, ...]:
        """Test streams beside `test`, in which cues no longer go with the label."""
        return self.parts.labels.splits

    @property
    def displaced(self) -> frozenset[str]:
        """Regions whose redraw moves what lies around them."""
        return self.parts.displaced

    @property
    def mixes(self) -> bool:
        """True where the scanner blurs or ghosts, so that a voxel shows what lies in others."""
        return self.nuisance.mixes

    def sides(self, targets: Tensor) -> Tensor:
        """(N,) int64: 1 on the patients' side of the explained score, 0 on the controls', -1 on neither."""
        return torch.tensor([self.parts.labels.side(label) for label in targets.tolist()])

    def with_amplitude(self, amplitude: float) -> "Brain":
        """This simulator at a calibrated amplitude."""
        return replace(self, amplitude=float(amplitude))

    def with_data_seed(self, seed: int) -> "Brain":
        """This simulator with other training, validation and test subjects."""
        return replace(self, data_seed=int(seed))

    def with_bank(self, folder: Path) -> "Brain":
        """This simulator with the healthy subjects of its data seed read from a folder that `fill_bank` wrote."""
        copy = replace(self)
        object.__setattr__(copy, "bank", Bank(folder))
        return copy

    @staticmethod
    def banked(node: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a configuration that a bank depends on; of the task, if anatomy goes with the label or ages."""
        moved = {"covariates", "ageing"} & set(node.get("task", {}))
        names = ("anatomy", "local", *(("task",) if moved else ()))
        return {name: node[name] for name in names if name in node}

    def fill_bank(
        self, counts: Mapping[str, int], folder: Path, progress: Callable[[float], None] = lambda _: None
    ) -> None:
        """Write the healthy subjects of this data seed's streams into a folder."""
        fill(folder, partial(healthy, self.parts), counts, progress)

    @property
    def calibration_streams(self) -> Mapping[str, int]:
        """Healthy subjects on which the amplitude is searched."""
        return {STREAM: FIT}

    def calibrate(self, subjects: int = FIT, verify: int = VERIFY) -> dict[str, Any]:
        """The amplitude at which the reference observer separates the sides as asked; see `separability.calibrate`."""
        return calibrate(self.parts, self.separability, subjects, verify)

    def calibrate_in_steps(
        self, reached: MutableMapping[float, float], progress: Callable[[float], None]
    ) -> dict[str, Any]:
        """The same, telling how far it is; subjects come from the bank, where there is one."""
        folder = self.bank.folder if self.bank else None
        return calibrate(self.parts, self.separability, bank=folder, reached=reached, progress=progress)

    def audit(
        self, count: int, stream: str = "test", healthy: bool = False, further: bool = False
    ) -> Mapping[str, Audit]:
        """Audits of global statistics; see `simulators.audit`."""
        return audit(self, count, stream, healthy, further)

    def realism(self, subjects: int) -> Realism:
        """Volumes, texture and intensities of healthy subjects beside norms; see `simulators.realism.measure`."""
        return beside_norms(self.parts, subjects)

    def scene(self, subject: int, stream: str, free: bool = False) -> Scene:
        """All latents of a subject, each component from its own hashed stream.

        free: with covariates, if the task has any, that do not go with the label.
        """
        if not (isinstance(subject, Integral) and subject >= 0):
            raise impossible("scene", "subject", subject, "a whole number of at least 0")
        return self._scene(subject, stream, free and bool(self.parts.labels.covariates))

    @cached_property
    def _scene(self) -> Callable[[int, str, bool], Scene]:
        # a subject is often rendered twice in a row: with and without its pathology
        return lru_cache(maxsize=2)(partial(draw, self.parts, bank=self.bank))

    def sample(self, indices: Sequence[int], stream: str, do: Mapping[str, Any] | None = None) -> Batch:
        """Images of the chosen subjects of a stream, under an intervention if one is named.

        do: the task's own interventions (`pathology`, `strength`, ...), those of `simulators.intervene.scan`, and those
        of `simulators.intervene.regions` on single regions.
        """
        asked = Do.of(do)
        rendered = (intervened(self.parts, self.scene(i, stream, asked.free), asked) for i in indices)
        # put in place one by one, because memory that is new to the process is slow
        images = np.fromiter(rendered, np.dtype((np.float32, self.shape)), len(indices))
        targets = torch.tensor([self.task.label(i) for i in indices])
        return Batch(torch.from_numpy(images)[:, None], targets, torch.as_tensor(list(indices)))

    def cohort(self, indices: Sequence[int], stream: str = "evaluation") -> Cohort:
        """The chosen subjects with twins, regions, domain and truths."""
        return explained_cohort(self.parts, (self.scene(i, stream) for i in indices))

    def population(self, indices: Sequence[int], stream: str, pairs: int) -> dict[str, Truth]:
        """The truths `association` and `observer`, estimated on `pairs` subjects in both states."""
        return shared(self.parts, Validity.of(self), [self.scene(i, stream) for i in indices], pairs)

    def redraws(self, subject: int, stream: str, draws: int) -> Tensor:
        """The subject with one region's local latents redrawn: (R * draws, 1, D, H, W), draws of a region adjacent."""
        return redraws(self.parts, self.scene(subject, stream), draws)

    def strata(self, subject: int, stream: str, draws: int) -> Redraws:
        """The same, half of a region's draws with the pathology in it and half without, where both may be."""
        return stratified(self.parts, self.scene(subject, stream), draws)

    def switches(self, subject: int, stream: str, sets: Sequence[Collection[str]]) -> Tensor:
        """The subject with its twin's pathology in each set of regions, its own everywhere else: (C, 1, D, H, W)."""
        return switches(self.parts, self.scene(subject, stream), sets)

    def to_anatomy_of(self, volume: Tensor, donor: int, recipient: int | None, stream: str) -> Tensor:
        """The donor's volume (1, D, H, W) as it lies on the recipient's anatomy, None the template."""
        return laid(volume, self._voxels(donor, recipient, stream))

    @cached_property
    def _voxels(self) -> Callable[[int, int | None, str], np.ndarray]:
        # every method's maps are laid on the same subjects, from the same donors
        return lru_cache(maxsize=64)(self._source_voxels)

    def _source_voxels(self, donor: int, recipient: int | None, stream: str) -> np.ndarray:
        target = None if recipient is None else self.scene(recipient, stream)
        return source_voxels(self.parts, self.scene(donor, stream), target)

    def record(self, subject: int, stream: str, do: Mapping[str, Any] | None = None) -> dict[str, float]:
        """Values drawn for a subject, by name: shape, scan, severities, regional volumes."""
        asked = Do.of(do)
        scene = intervene(self.parts, self.scene(subject, stream, asked.free), asked.scan)
        return record(self.parts, scene, self.parts.strengths(subject, stream, {**asked.task, **asked.regions}))

    def describe_record(self, subject: int, stream: str) -> dict[str, str]:
        """Descriptions of the names of `record`."""
        return descriptions(self.parts, self.scene(subject, stream), self.parts.strengths(subject, stream))
