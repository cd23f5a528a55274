"""Drawing subjects: all latents of a scene, each component from its own hashed stream."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.covariates import local_with, offsets, scan_with, shape_with
from simulators.draw.bank import Bank, Healthy
from simulators.draw.latents import Latents
from simulators.draw.scene import Scene
from simulators.local import Local
from simulators.nuisance import Scan
from simulators.parts import Part, Parts
from simulators.space.correspondence import shifted
from simulators.space.place import Place
from simulators.streams import generator

#: streams that every unit of a simulator shares; all others also depend on the data seed
SHARED = ("evaluation", "calibration", "verification", "population")
#: components that are drawn at every visit anew; all others stay with the person
OF_VISIT = ("scan", "noise", "position")

Streams = Callable[[str], np.random.Generator]


def draw(parts: Parts, subject: int, stream: str, free: bool = False, bank: Bank | None = None) -> Scene:
    """All latents of a subject; its anatomy, folding and noise from the bank where that holds them.

    free: with covariates, if the task has any, that do not go with the label; a bank does not hold them.
    """
    rng = streams(parts, stream, subject)
    values = parts.task.covariate_values(subject, stream, rng, free) if parts.labels.covariates else {}
    added = offsets(parts.labels.covariates, values) if values else {}
    known = bank.get(stream, subject) if bank and not (free and values) else None
    anatomy = partial(_anatomy, parts, rng, added)
    shape = Latents(anatomy) if known else anatomy()
    place = placed(parts, known.warped if known else parts.anatomy.warp(shape))
    return Scene(
        subject,
        stream,
        shape,
        place,
        local(parts, rng, added, known),
        parts.contrast.draw(rng("contrast")),
        scan(parts, rng, added),
        pathology(parts, rng, place),
        values,
        added,
    )


def healthy(parts: Parts, subject: int, stream: str) -> Healthy:
    """A subject as a bank keeps it."""
    scene = draw(parts, subject, stream)
    return Healthy(scene.warped, scene.local.folding, scene.local.noise)


def streams(parts: Parts, stream: str, subject: int) -> Streams:
    """The generator of each component of a subject, by name; what visits of a person share is drawn by the person."""
    name = stream if stream.split("/")[0] in SHARED else f"{stream}-{parts.data_seed}"
    visit = parts.task.visit(subject, stream) if parts.labels.visits > 1 else None
    person = visit.person if visit else subject

    def component(named: str) -> np.random.Generator:
        return generator(name, subject if named in OF_VISIT else person, named)

    return component


def placed(parts: Parts, warped: Warped) -> Place:
    """An anatomy as the place where pathologies act."""
    return Place(warped, parts.names, parts.voxel_mm)


def position(parts: Parts, scene: Scene) -> np.ndarray:
    """Template position (D, H, W, 3) in mm of every voxel of a subject."""
    return shifted(parts.anatomy.position(scene.shape), scene.moved, parts.voxel_mm)


def local(parts: Parts, rng: Streams, added: Mapping[str, float], known: Healthy | None = None) -> Local:
    """Local latents; folding and noise may be known already."""
    noise = known.noise if known else parts.nuisance.noise_pair(rng("noise"), parts.shape)
    folding = known.folding if known else None
    drawn = parts.local.draw(rng("local"), parts.names, parts.shape, parts.voxel_mm, noise, folding)
    return local_with(drawn, added) if added else drawn


def scan(parts: Parts, rng: Streams, added: Mapping[str, float]) -> Scan:
    """A scan's latents."""
    drawn = parts.nuisance.draw(rng("scan"))
    return scan_with(drawn, added) if added else drawn


def pathology(parts: Parts, rng: Streams, place: Place) -> tuple[Latents, ...]:
    """The pathology's latents, by part, each drawn when it is asked for."""

    def latents(number: int, part: Part) -> dict[str, Any]:
        return part.law.draw(rng(f"pathology-{number}" if number else "pathology"), place)

    return tuple(Latents(partial(latents, number, part)) for number, part in enumerate(parts.pathologies))


def _anatomy(parts: Parts, rng: Streams, added: Mapping[str, float]) -> Mapping[str, Any]:
    """Latents of the subject's shape."""
    drawn = parts.anatomy.draw(rng("anatomy"))
    return shape_with(drawn, added) if added else drawn
