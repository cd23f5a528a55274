"""A simulator: anatomy + local variation + pathology + task + contrast + scanner."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial, reduce
from operator import or_
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BadInput, Batch, Cohort, Truth
from bench.contracts.validity import Validity
from simulators.anatomy.minimum import require, require_grid
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.protocol import Anatomy, Warped
from simulators.checks import between
from simulators.contrast import Contrast
from simulators.covariates import shown
from simulators.draw import subject as drawing
from simulators.draw.bank import Bank, fill
from simulators.draw.latents import Latents
from simulators.draw.scene import Scene
from simulators.intervene import regions
from simulators.intervene.redraw import redraws
from simulators.intervene.scan import intervene, split
from simulators.local import Local, Variation
from simulators.nuisance import Scanner
from simulators.pathology.protocol import Around, Displaces, Fine, Named, Pathology
from simulators.pathology.several import Several
from simulators.record import meaning, record
from simulators.render.signal import loss, signal
from simulators.space.correspondence import shifted
from simulators.space.place import Place
from simulators.task.protocol import Covaries, Kind, Strength, Task
from simulators.task.single import SingleCause
from simulators.truths.cohort import explained
from simulators.truths.not_disease import missing, require_dialled_cause
from simulators.truths.off_target import confined
from simulators.truths.registration import carry


@dataclass(frozen=True)
class Brain:
    """Synthetic brains with a planted pathology.

    separability: AUC asked of the reference observer; `amplitude` is what calibration found to reach it (tissue share
    lost at severity 1), None before. data_seed: other subjects in training, validation and test.
    """

    version: ClassVar[str] = "1"
    #: the explained score between the sides; networks of a regression learn the target minus its mean, in SDs
    centre: ClassVar[float] = 0.0
    pathology: Pathology | Displaces | Several
    anatomy: Anatomy = field(default_factory=MNI152)
    local: Variation = field(default_factory=Variation)
    contrast: Contrast = field(default_factory=Contrast)
    nuisance: Scanner = field(default_factory=Scanner)
    task: Task = field(default_factory=SingleCause)
    separability: float = 0.95
    amplitude: float | None = None
    data_seed: int = 0
    bank: Bank | None = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        between("simulator.separability", self.separability, 0.55, 0.999, "(AUC of the reference observer)")
        self.pathology.validate(self.anatomy.region_names)
        for part in self.parts.parts:
            if isinstance(part, Fine):
                require_grid(type(part).__name__, part.coarsest_mm, self.anatomy.resolution_mm)
        self.local.validate(self.anatomy.region_names)
        acted = {region for part in self.parts.parts if isinstance(part, Named) for region in part.regions}
        around = {region for part in self.parts.parts if isinstance(part, Around) for region in part.landmarks}
        named = sorted(acted | around | self.local.named)
        require(named, self.anatomy.template.labels, self.region_names, self.anatomy.resolution_mm)
        self.task.validate(len(self.parts.parts))
        require_dialled_cause(self)
        if self.separability > self.task.ceiling:
            raise BadInput(
                f"simulator.separability={self.separability:g} is above {self.task.ceiling:g}, the most that the task "
                "allows: ask for less, or for fewer patients who look like controls."
            )

    @property
    def validity(self) -> Validity:
        """What cannot be scored here: the gaps of the parts, and what is not disease and does not occur."""
        gaps = reduce(or_, (Validity.of(getattr(self, part.name)) for part in fields(self)), Validity(missing(self)))
        # a task that has no edit beside the counterfactual has one where the pathology moves anatomy
        edit = {"edit"} if confined(self) else set()
        return replace(gaps, undefined={truth: why for truth, why in gaps.undefined.items() if truth not in edit})

    @property
    def summary(self) -> str:
        """What the pathology is: one sentence a kind of part."""
        told = [(type(part).__doc__ or "").partition("\n")[0] for part in self.parts.parts]
        return " ".join(dict.fromkeys(told))

    @property
    def parts(self) -> Several:
        """The pathology as a list of parts, often of one."""
        return Several.of(self.pathology)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Grid (D, H, W)."""
        return self.anatomy.grid

    @property
    def modality(self) -> str:
        """BIDS suffix of the images."""
        return self.contrast.modality

    @property
    def region_names(self) -> tuple[str, ...]:
        """Region r of a label map is `region_names[r - 1]`."""
        return self.anatomy.region_names

    @property
    def atlas(self) -> Tensor:
        """(D, H, W) int64: the template's regions, 0 outside; subjects are deformations of it."""
        return torch.from_numpy(self.anatomy.template.labels.astype(np.int64))

    @property
    def kind(self) -> Kind:
        """Whether targets are classes (int64) or values (float32)."""
        return self.task.kind

    @property
    def target(self) -> int | tuple[int, int]:
        """The explained score of the task."""
        return self.task.target

    @property
    def splits(self) -> tuple[str, ...]:
        """Test streams beside `test`, in which cues no longer go with the label."""
        return self.task.splits

    def sides(self, targets: Tensor) -> Tensor:
        """(N,) int64: 1 on the patients' side of the explained score, 0 on the controls', -1 on neither."""
        return torch.tensor([self.task.side(label) for label in targets.tolist()])

    @property
    def outputs(self) -> int:
        """Outputs a network needs for the task."""
        return self.task.outputs

    def with_amplitude(self, amplitude: float) -> "Brain":
        """This simulator at a calibrated amplitude."""
        return replace(self, amplitude=float(amplitude))

    def with_data_seed(self, seed: int) -> "Brain":
        """This simulator with other training, validation and test subjects."""
        return replace(self, data_seed=int(seed))

    def with_bank(self, folder: Path) -> "Brain":
        """This simulator with the healthy subjects of its data seed read from a folder that `fill_bank` wrote."""
        made = replace(self)
        object.__setattr__(made, "bank", Bank(folder))
        return made

    @staticmethod
    def banked(node: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a configuration that a bank depends on; of the task, if anatomy goes with the label."""
        names = ("anatomy", "local", *(("task",) if "covariates" in node.get("task", {}) else ()))
        return {name: node[name] for name in names if name in node}

    def fill_bank(
        self, counts: Mapping[str, int], folder: Path, progress: Callable[[float], None] = lambda _: None
    ) -> None:
        """Write the healthy subjects of this data seed's streams into a folder."""
        fill(folder, partial(drawing.healthy, self), counts, progress)

    def sample(self, indices: Sequence[int], stream: str, do: Mapping[str, Any] | None = None) -> Batch:
        """Images of the chosen subjects of a stream, under an intervention if one is named.

        do: the task's own interventions (`pathology`, `strength`, ...), those of `simulators.intervene.scan`, and those
        of `simulators.intervene.regions` on single regions.
        """
        scan, rest = split(do)
        regional, own = regions.split(rest)
        free = own.get("pathology") == "off"
        scenes = (intervene(self, self.scene(i, stream, free), scan) for i in indices)
        rendered = (regions.rendered(self, scene, own, regional) for scene in scenes)
        # put in place one by one, because memory that is new to the process is slow
        images = np.fromiter(rendered, np.dtype((np.float32, self.shape)), len(indices))
        targets = torch.tensor([self.task.label(i) for i in indices])
        return Batch(torch.from_numpy(images)[:, None], targets, torch.as_tensor(list(indices)))

    def cohort(self, indices: Sequence[int], stream: str = "evaluation") -> Cohort:
        """The chosen subjects with twins, regions, domain and truths."""
        return explained(self, indices, stream)

    def population(self, indices: Sequence[int], stream: str, pairs: int) -> dict[str, Truth]:
        """The truths `association` and `observer`, estimated on `pairs` subjects in both states."""
        # imported here, because truths are made from what simulators offer
        from simulators.truths.shared import shared

        return shared(self, indices, stream, pairs)

    def redraws(self, subject: int, stream: str, draws: int) -> Tensor:
        """The subject with one region's local latents redrawn: (R * draws, 1, D, H, W), draws of a region adjacent."""
        return redraws(self, subject, stream, draws)

    def carry(self, volume: Tensor, donor: int, recipient: int | None, stream: str) -> Tensor:
        """The donor's volume (1, D, H, W) as it lies on the recipient's anatomy, None the template."""
        return carry(self, volume, donor, recipient, stream)

    def switches(self, subject: int, stream: str, sets: Sequence[Collection[str]]) -> Tensor:
        """The subject with its twin's pathology in each set of regions, its own everywhere else: (C, 1, D, H, W)."""
        return regions.switches(self, subject, stream, sets)

    def record(self, subject: int, stream: str, do: Mapping[str, Any] | None = None) -> dict[str, float]:
        """What was drawn for a subject, by name: shape, scan, severities, regional volumes."""
        scan, own = split(do)
        scene = intervene(self, self.scene(subject, stream, own.get("pathology") == "off"), scan)
        return record(self, shown(scene), self.state(scene, own))

    def meaning(self, column: str) -> str:
        """What a name of `record` stands for."""
        return meaning(column)

    def scene(self, subject: int, stream: str, free: bool = False) -> Scene:
        """All latents of a subject, each component from its own hashed stream.

        free: with covariates, if the task has any, that do not go with the label.
        """
        return drawing.scene(self, subject, stream, free and isinstance(self.task, Covaries))

    def position(self, scene: Scene) -> np.ndarray:
        """Template position (D, H, W, 3) in mm of every voxel of a subject."""
        return shifted(self.anatomy.position(scene.shape), scene.moved, self.anatomy.resolution_mm)

    def state(self, scene: Scene, do: Mapping[str, Any] | None = None) -> Strength:
        """How much of the pathology a subject carries, under an intervention if one is named."""
        return self.task.strength(scene.subject, do or {}, scene.stream)

    def each(self, strength: Strength) -> tuple[float, ...]:
        """A strength for every part of the pathology."""
        return strength if isinstance(strength, tuple) else (strength,) * len(self.parts.parts)

    @property
    def displaced(self) -> frozenset[str]:
        """Regions whose redraw moves what lies around them."""
        return frozenset(name for p in self.parts.parts if isinstance(p, Displaces) for name in p.regions)

    @property
    def mixes(self) -> bool:
        """Whether the scanner blurs or ghosts, so that a voxel shows what lies in others."""
        return self.nuisance.mixes

    def loss(self, scene: Scene, strength: Strength) -> np.ndarray:
        """What the pathology takes from each voxel (D, H, W): share of tissue, or signal (negative where it adds)."""
        return loss(self, scene, strength)

    def render(self, scene: Scene, strength: Strength) -> np.ndarray:
        """The image (D, H, W) of a subject at a pathology strength, or one strength a part."""
        return self.scan(scene, self.signal(scene, strength), scene.local.noise)

    def signal(self, scene: Scene, strength: Strength) -> np.ndarray:
        """What a perfect scanner would see (D, H, W)."""
        return signal(self, scene, strength)

    def scan(self, scene: Scene, signal: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """The image of a signal (..., D, H, W) in a subject's scan, with noise (2, ..., D, H, W)."""
        return self.nuisance.scan(signal, shown(scene).scan, noise, scene.warped.maps[2], self.anatomy.resolution_mm)

    def streams(self, stream: str, subject: int) -> Callable[[str], np.random.Generator]:
        """The generator of each component of a subject, by name."""
        return drawing.streams(self, stream, subject)

    def draw_local(self, rng: Callable[[str], np.random.Generator]) -> Local:
        """Local latents."""
        return drawing.local(self, rng)

    def draw_pathology(self, rng: Callable[[str], np.random.Generator], warped: Warped) -> tuple[Latents, ...]:
        """The pathology's latents, by part, each drawn when it is asked for."""
        return drawing.pathology(self, rng, warped)

    def place(self, warped: Warped) -> Place:
        """Where pathologies act on an anatomy."""
        return Place(warped, self.region_names, self.anatomy.resolution_mm)

    def dial(self) -> float:
        """The calibrated amplitude.

        Raises:
            BadInput: where there is none.
        """
        if self.amplitude is None:
            raise BadInput("simulator.amplitude is not set: calibrate the simulator first, or give an amplitude.")
        return self.amplitude
