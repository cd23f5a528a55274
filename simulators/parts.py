"""Parts: all that a simulator is made of, bound once for all of its subjects."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from bench.contracts import BadInput
from simulators.anatomy.protocol import Anatomy
from simulators.contrast import Contrast
from simulators.local import Variation
from simulators.nuisance import Scanner
from simulators.pathology import protocol
from simulators.pathology.several import Combined, Several
from simulators.task.protocol import Labels, Strength, Task

#: strengths of all parts of a pathology, in their order
Strengths = tuple[float, ...]
#: no intervention
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a pathology. The fields named after an act are the part itself, or None where it does not do that.

    amplitude: its own, or the calibrated one where the dial of separability sets it (`dialled`), None before
    calibration. regions: those it names.
    """

    law: protocol.Pathology
    dialled: bool
    amplitude: float | None
    regions: tuple[str, ...]
    acting: protocol.Acts | None
    moving: protocol.Displaces | None
    dividing: protocol.Divides | None
    changing: protocol.ChangesSignal | None
    growing: protocol.Grows | None
    roaming: protocol.Roams | None
    placed: protocol.HoldsPlaces | None
    grained: protocol.HoldsGrain | None

    @classmethod
    def of(cls, law: protocol.Pathology, amplitude: float | None, calibrated: float | None) -> "Part":
        """A pathology asked once what it does, with an amplitude of its own or the calibrated one.

        Raises:
            BadInput: for a pathology that neither acts voxel by voxel nor moves anatomy.
        """
        moving = law if isinstance(law, protocol.Displaces) else None
        acting = law if moving is None and isinstance(law, protocol.Acts) else None
        if moving is None and acting is None:
            raise BadInput(
                f"simulator.pathology: {type(law).__name__} changes nothing; give it an `extent` with `tissues` and "
                "`becomes`, or a `displacement` with `regions` (pathology/protocol.py)"
            )
        return cls(
            law,
            dialled=amplitude is None,
            amplitude=calibrated if amplitude is None else amplitude,
            regions=law.regions if isinstance(law, protocol.InRegions) else (),
            acting=acting,
            moving=moving,
            dividing=law if isinstance(law, protocol.Divides) else None,
            changing=law if isinstance(law, protocol.ChangesSignal) else None,
            growing=law if isinstance(law, protocol.Grows) else None,
            roaming=law if isinstance(law, protocol.Roams) else None,
            placed=law if isinstance(law, protocol.HoldsPlaces) else None,
            grained=law if isinstance(law, protocol.HoldsGrain) else None,
        )


@dataclass(frozen=True, eq=False)
class Parts:
    """The components of a simulator, and what they say that is the same for all subjects.

    amplitude: of the parts of the pathology that have none of their own, None before calibration.
    """

    pathology: protocol.Pathology | Combined
    anatomy: Anatomy
    local: Variation
    contrast: Contrast
    nuisance: Scanner
    task: Task
    amplitude: float | None
    data_seed: int

    @cached_property
    def pathologies(self) -> tuple[Part, ...]:
        """The parts of the pathology, often one."""
        several = Several.of(self.pathology)
        laws = zip(several.parts, several.amplitudes, strict=True)
        return tuple(Part.of(law, amplitude, self.amplitude) for law, amplitude in laws)

    @cached_property
    def moving(self) -> tuple[Part, ...]:
        """Parts of the pathology that move anatomy."""
        return tuple(part for part in self.pathologies if part.moving)

    @cached_property
    def displaced(self) -> frozenset[str]:
        """Regions whose redraw moves what lies around them."""
        return frozenset(region for part in self.moving for region in part.regions)

    @cached_property
    def labels(self) -> Labels:
        """Properties of the task's labels."""
        return self.task.labels

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Region r of a label map is `names[r - 1]`."""
        return self.anatomy.region_names

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Grid (D, H, W)."""
        return self.anatomy.grid

    @cached_property
    def voxel_mm(self) -> float:
        """Voxel size."""
        return self.anatomy.resolution_mm

    def strengths(self, subject: int, stream: str, do: Mapping[str, Any] = NOTHING) -> Strengths:
        """Strength of every part of the pathology in a subject, under the task's interventions if any are named."""
        return self.each(self.task.strength(subject, do, stream))

    def each(self, strength: Strength) -> Strengths:
        """A strength for every part of the pathology."""
        return strength if isinstance(strength, tuple) else (strength,) * len(self.pathologies)
