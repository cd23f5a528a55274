"""A simulator: anatomy + local variation + pathology + task + contrast + scanner."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BadInput, Batch, Cohort
from simulators.anatomy.mni152 import MNI152, Warped
from simulators.checks import between
from simulators.cohort import explained, stack
from simulators.contrast import Contrast
from simulators.local import Local, Variation
from simulators.nuisance import Scan, Scanner
from simulators.pathology.protocol import Pathology
from simulators.pathology.several import Several
from simulators.planting import Act, Taken, acts, changes, take
from simulators.streams import generator
from simulators.task.protocol import Strength, Task
from simulators.task.single import SingleCause

#: streams that every unit of a simulator shares; all others also depend on the data seed
SHARED = ("evaluation", "calibration", "verification")


class Scene(NamedTuple):
    """All latents of one subject, the pathology's by part; rendering it with another strength is its twin."""

    subject: int
    stream: str
    shape: dict[str, np.ndarray]
    warped: Warped
    local: Local
    intensities: np.ndarray
    scan: Scan
    pathology: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Brain:
    """Synthetic brains with a planted pathology.

    separability: AUC asked of the reference observer; `amplitude` is what calibration found to reach it (tissue share
    lost at severity 1), None before. data_seed: other subjects in training, validation and test.
    """

    version: ClassVar[str] = "1"
    pathology: Pathology | Several
    anatomy: MNI152 = field(default_factory=MNI152)
    local: Variation = field(default_factory=Variation)
    contrast: Contrast = field(default_factory=Contrast)
    nuisance: Scanner = field(default_factory=Scanner)
    task: Task = field(default_factory=SingleCause)
    separability: float = 0.95
    amplitude: float | None = None
    data_seed: int = 0

    def __post_init__(self) -> None:
        between("simulator.separability", self.separability, 0.55, 0.999, "(AUC of the reference observer)")
        self.pathology.validate(self.anatomy.region_names)
        self.task.validate(len(self.parts.parts))

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
        scenes = (self.scene(i, stream) for i in indices)
        images = [self.render(scene, self.state(scene, do)) for scene in scenes]
        targets = torch.tensor([self.task.label(i) for i in indices])
        return Batch(stack(images), targets, torch.as_tensor(list(indices)))

    def cohort(self, indices: Sequence[int], stream: str = "evaluation") -> Cohort:
        """The chosen subjects with twins, regions, domain and truths."""
        return explained(self, indices, stream)

    def redraws(self, subject: int, stream: str, draws: int) -> Tensor:
        """The subject with one region's local latents redrawn from their marginal: (R * draws, 1, D, H, W).

        Local latents are pathology (at the base rate of the task), regional volume and signal, folding and noise. All
        act voxel by voxel once anatomy is given, so taking the region's voxels from a render in which every local
        latent is redrawn *is* the re-render with that region's alone redrawn.
        """
        scene = self.scene(subject, stream)
        image = torch.from_numpy(self.render(scene, self.state(scene)))
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
            stream,
            shape,
            warped,
            self._local(rng),
            self.contrast.draw(rng("contrast")),
            self.nuisance.draw(rng("scan")),
            self._pathology(rng, warped),
        )

    def state(self, scene: Scene, do: Mapping[str, Any] | None = None) -> Strength:
        """How much of the pathology a subject carries, under an intervention if one is named."""
        return self.task.strength(scene.subject, do or {}, scene.stream)

    def loss(self, scene: Scene, strength: Strength) -> np.ndarray:
        """What the pathology takes from each voxel (D, H, W): share of tissue, or signal (negative where it adds)."""
        taken, signal, acts = self._plant(scene, strength)
        loss = taken.lost
        for change in changes(signal, acts, scene.warped):
            loss = loss - change
        return loss

    def render(self, scene: Scene, strength: Strength) -> np.ndarray:
        """The image (D, H, W) of a subject at a pathology strength, or one strength a part."""
        _, signal, acts = self._plant(scene, strength)
        for change in changes(signal, acts, scene.warped):
            signal = signal + change
        return self.nuisance.scan(signal, scene.scan, scene.local.noise, scene.warped.maps[2])

    def _plant(self, scene: Scene, strength: Strength) -> tuple[Taken, np.ndarray, list[Act]]:
        """What was taken, the signal (D, H, W) of what is left, and the acts, some of which change that signal."""
        parts, warped = self.parts, scene.warped
        strengths = strength if isinstance(strength, tuple) else (strength,) * len(parts.parts)
        voxel = self.anatomy.resolution_mm
        found = acts(parts, scene.pathology, strengths, self._amplitude, warped, self.region_names, voxel)
        taken = take(self.local.apply(warped.maps, warped.labels, scene.local), found)
        signal = self.contrast.mix(taken.tissues, taken.lesion, scene.intensities)
        signal *= 1 + scene.local.signal[warped.labels]
        return taken, signal, found

    def _amplitude(self) -> float:
        if self.amplitude is None:
            raise BadInput("simulator.amplitude is not set: calibrate the simulator first, or give an amplitude.")
        return self.amplitude

    def _local(self, rng: Callable[[str], np.random.Generator]) -> Local:
        noise = self.nuisance.noise_pair(rng("noise"), self.shape)
        return self.local.draw(rng("local"), self.region_names, self.shape, self.anatomy.resolution_mm, noise)

    def _redraw(self, scene: Scene, stream: str, draw: int) -> np.ndarray:
        rng = self._streams(f"{stream}/redraw-{draw}", scene.subject)
        other = scene._replace(local=self._local(rng), pathology=self._pathology(rng, scene.warped))
        donor = int(rng("label").integers(self.task.cycle))
        return self.render(other, self.task.strength(donor, {}, stream))

    def _pathology(self, rng: Callable[[str], np.random.Generator], warped: Warped) -> tuple[dict[str, Any], ...]:
        streams = ["pathology", *(f"pathology-{k}" for k in range(1, len(self.parts.parts)))]
        drawn = zip(streams, self.parts.parts, strict=True)
        return tuple(part.draw(rng(name), warped, self.anatomy.resolution_mm) for name, part in drawn)

    def _streams(self, stream: str, subject: int) -> Callable[[str], np.random.Generator]:
        shared = stream.split("/")[0] in SHARED
        name = stream if shared else f"{stream}-{self.data_seed}"
        return lambda component: generator(name, subject, component)


# a subject is often rendered twice in a row: with and without its pathology
@lru_cache(maxsize=2)
def _scene(simulator: Brain, subject: int, stream: str) -> Scene:
    return simulator._draw(subject, stream)
