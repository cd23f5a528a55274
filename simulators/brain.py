"""A simulator: anatomy + local variation + pathology + task + contrast + scanner."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BadInput, Batch, Cohort, Truth
from simulators.anatomy.mni152 import MNI152, Warped
from simulators.checks import between
from simulators.contrast import Contrast
from simulators.local import Local, Variation
from simulators.nuisance import Scan, Scanner
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal
from simulators.streams import generator
from simulators.task.single import SingleCause

#: streams that every unit of a simulator shares; all others also depend on the data seed
SHARED = ("evaluation", "calibration", "verification")


class Scene(NamedTuple):
    """All latents of one subject; rendering it with another strength is its twin."""

    subject: int
    shape: dict[str, np.ndarray]
    warped: Warped
    local: Local
    intensities: np.ndarray
    scan: Scan
    pathology: dict[str, Any]


@dataclass(frozen=True)
class Brain:
    """Synthetic brains with a planted pathology.

    separability: AUC asked of the reference observer; `amplitude` is what calibration found to reach it (tissue share
    lost at severity 1), None before. data_seed: other subjects in training, validation and test.
    """

    version: ClassVar[str] = "1"
    pathology: Atrophy | Focal
    anatomy: MNI152 = field(default_factory=MNI152)
    local: Variation = field(default_factory=Variation)
    contrast: Contrast = field(default_factory=Contrast)
    nuisance: Scanner = field(default_factory=Scanner)
    task: SingleCause = field(default_factory=SingleCause)
    separability: float = 0.95
    amplitude: float | None = None
    data_seed: int = 0

    def __post_init__(self) -> None:
        between("simulator.separability", self.separability, 0.55, 0.999, "(AUC of the reference observer)")
        self.pathology.validate(self.anatomy.region_names)

    @property
    def summary(self) -> str:
        """One sentence: what the pathology is."""
        return (type(self.pathology).__doc__ or "").partition("\n")[0]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Grid (D, H, W)."""
        return self.anatomy.grid

    @property
    def region_names(self) -> tuple[str, ...]:
        """Region r of a label map is `region_names[r - 1]`."""
        return self.anatomy.region_names

    @property
    def target(self) -> tuple[int, int]:
        """The explained score of the task."""
        return self.task.target

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

    def sample(self, indices: Sequence[int], stream: str, do: Mapping[str, Any] | None = None) -> Batch:
        """Images of the chosen subjects of a stream, under an intervention if one is named."""
        images = [self.render(self.scene(i, stream), self.task.strength(i, do or {})) for i in indices]
        targets = torch.tensor([self.task.label(i) for i in indices])
        return Batch(_stack(images), targets, torch.as_tensor(list(indices)))

    def cohort(self, indices: Sequence[int], stream: str = "evaluation") -> Cohort:
        """The chosen subjects with twins, regions, domain and truths.

        `counterfactual` is the image with the pathology minus the image without it, `planted` the signed share of
        tissue lost; both use a control's sick twin.
        """
        scenes = [self.scene(i, stream) for i in indices]
        well = _stack([self.render(s, 0.0) for s in scenes])
        sick = _stack([self.render(s, 1.0) for s in scenes])
        targets = torch.tensor([self.task.label(i) for i in indices])
        patient = targets.bool().view(-1, 1, 1, 1, 1)
        truths = (
            Truth("planted", volume=_stack([-self.loss(s, 1.0) for s in scenes])),
            Truth("counterfactual", volume=sick - well),
        )
        labels = torch.from_numpy(np.stack([s.warped.labels for s in scenes]))[:, None]
        return Cohort(
            images=torch.where(patient, sick, well),
            targets=targets,
            subjects=torch.as_tensor(list(indices)),
            twins=torch.where(patient, well, sick),
            regions=labels,
            domain=_stack([s.warped.maps[2] for s in scenes]) > 0.5,
            truths={truth.name: truth for truth in truths},
            region_names=self.region_names,
            affine=self.anatomy.template.affine,
        )

    def redraws(self, subject: int, stream: str, draws: int) -> Tensor:
        """The subject with one region's local latents redrawn from their marginal: (R * draws, 1, D, H, W).

        Local latents are pathology (at the base rate of the task), regional volume and signal, folding and noise. All
        act voxel by voxel once anatomy is given, so taking the region's voxels from a render in which every local
        latent is redrawn *is* the re-render with that region's alone redrawn.
        """
        scene = self.scene(subject, stream)
        image = torch.from_numpy(self.render(scene, self.task.strength(subject, {})))
        labels = torch.from_numpy(scene.warped.labels)
        donors = torch.stack([torch.from_numpy(self._redraw(scene, stream, k)) for k in range(draws)])
        regions = [torch.where(labels == r, donors, image) for r in range(1, len(self.region_names) + 1)]
        return torch.cat(regions)[:, None]

    def scene(self, subject: int, stream: str) -> Scene:
        """All latents of a subject, each component from its own hashed stream."""
        return _scene(self, subject, stream)

    def _draw(self, subject: int, stream: str) -> Scene:
        rng = self._streams(stream, subject)
        shape = self.anatomy.draw(rng("anatomy"))
        warped = self.anatomy.warp(shape)
        return Scene(
            subject,
            shape,
            warped,
            self._local(rng),
            self.contrast.draw(rng("contrast")),
            self.nuisance.draw(rng("scan")),
            self.pathology.draw(rng("pathology"), warped, self.anatomy.resolution_mm),
        )

    def loss(self, scene: Scene, strength: float) -> np.ndarray:
        """Share (D, H, W) of each voxel whose tissue the pathology takes."""
        return self._lose(scene, strength)[1].sum(0)

    def render(self, scene: Scene, strength: float) -> np.ndarray:
        """The image (D, H, W) of a subject at a pathology strength."""
        tissues, lost = self._lose(scene, strength)
        tissues[:2] -= lost
        lesion = lost.sum(0) if self.pathology.becomes == "lesion" else np.zeros_like(lost[0])
        signal = self.contrast.mix(tissues, lesion, scene.intensities)
        signal *= 1 + scene.local.signal[scene.warped.labels]
        return self.nuisance.scan(signal, scene.scan, scene.local.noise, scene.warped.maps[2])

    def _lose(self, scene: Scene, strength: float) -> tuple[np.ndarray, np.ndarray]:
        tissues = self.local.apply(scene.warped.maps, scene.warped.labels, scene.local)
        lost = np.zeros_like(tissues[:2])
        if strength:
            extent = self.pathology.extent(scene.warped, scene.pathology, self.region_names, self.anatomy.resolution_mm)
            share = np.clip(self._amplitude() * strength * scene.pathology["severity"] * extent, 0, 1)
            for channel, tissue in enumerate(("gm", "wm")):
                if tissue in self.pathology.tissues:
                    lost[channel] = share * tissues[channel]
        return tissues, lost

    def _amplitude(self) -> float:
        if self.amplitude is None:
            raise BadInput("simulator.amplitude is not set: calibrate the simulator first, or give an amplitude.")
        return self.amplitude

    def _local(self, rng: Callable[[str], np.random.Generator]) -> Local:
        noise = self.nuisance.noise_pair(rng("noise"), self.shape)
        return self.local.draw(rng("local"), self.region_names, self.shape, self.anatomy.resolution_mm, noise)

    def _redraw(self, scene: Scene, stream: str, draw: int) -> np.ndarray:
        rng = self._streams(f"{stream}/redraw-{draw}", scene.subject)
        pathology = self.pathology.draw(rng("pathology"), scene.warped, self.anatomy.resolution_mm)
        other = scene._replace(local=self._local(rng), pathology=pathology)
        return self.render(other, float(self.task.label(int(rng("label").integers(2)))))

    def _streams(self, stream: str, subject: int) -> Callable[[str], np.random.Generator]:
        shared = stream.split("/")[0] in SHARED
        name = stream if shared else f"{stream}-{self.data_seed}"
        return lambda component: generator(name, subject, component)


# a subject is often rendered twice in a row: with and without its pathology
@lru_cache(maxsize=2)
def _scene(simulator: Brain, subject: int, stream: str) -> Scene:
    return simulator._draw(subject, stream)


def _stack(volumes: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(volumes).astype(np.float32))[:, None]
