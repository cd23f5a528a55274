"""Drawing subjects: all latents of a scene, each component from its own hashed stream."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.covariates import offsets, shaped
from simulators.draw.bank import Healthy
from simulators.draw.latents import Latents
from simulators.draw.scene import Scene
from simulators.draw.streams import generator
from simulators.local import Local
from simulators.pathology.protocol import Displaces, Pathology
from simulators.task.protocol import Covaries

if TYPE_CHECKING:
    from simulators.brain import Brain

#: streams that every unit of a simulator shares; all others also depend on the data seed
SHARED = ("evaluation", "calibration", "verification", "population")

Streams = Callable[[str], np.random.Generator]


# a subject is often rendered twice in a row: with and without its pathology
@lru_cache(maxsize=2)
def scene(brain: "Brain", subject: int, stream: str, free: bool) -> Scene:
    """All latents of a subject; its anatomy, folding and noise from the bank where that holds them.

    free: with covariates that do not go with the label, which a bank does not hold.
    """
    rng = streams(brain, stream, subject)
    values = _covariates(brain, subject, stream, free)
    more = added(brain, values)
    shape = shaped(Latents(lambda: brain.anatomy.draw(rng("anatomy"))), more)
    known = brain.bank.get(stream, subject) if brain.bank and not free else None
    warped = known.warped if known else brain.anatomy.warp(shape)
    return Scene(
        subject,
        stream,
        shape,
        warped,
        local(brain, rng, known),
        brain.contrast.draw(rng("contrast")),
        brain.nuisance.draw(rng("scan")),
        pathology(brain, rng, warped),
        values,
        more,
    )


def healthy(brain: "Brain", subject: int, stream: str) -> Healthy:
    """What a bank keeps of a subject."""
    rng = streams(brain, stream, subject)
    drawn = local(brain, rng)
    more = added(brain, _covariates(brain, subject, stream, free=False))
    return Healthy(brain.anatomy.warp(shaped(brain.anatomy.draw(rng("anatomy")), more)), drawn.folding, drawn.noise)


def streams(brain: "Brain", stream: str, subject: int) -> Streams:
    """The generator of each component of a subject, by name."""
    shared = stream.split("/")[0] in SHARED
    return partial(generator, stream if shared else f"{stream}-{brain.data_seed}", subject)


def local(brain: "Brain", rng: Streams, known: Healthy | None = None) -> Local:
    """Local latents; folding and noise may be known already."""
    noise = known.noise if known else brain.nuisance.noise_pair(rng("noise"), brain.shape)
    folding = known.folding if known else None
    return brain.local.draw(rng("local"), brain.region_names, brain.shape, brain.anatomy.resolution_mm, noise, folding)


def pathology(brain: "Brain", rng: Streams, warped: Warped) -> tuple[Latents, ...]:
    """The pathology's latents, by part."""
    place = brain.place(warped)

    def draw(number: int, part: Pathology | Displaces) -> dict[str, Any]:
        return part.draw(rng(f"pathology-{number}" if number else "pathology"), place)

    return tuple(Latents(partial(draw, number, part)) for number, part in enumerate(brain.parts.parts))


def added(brain: "Brain", covariates: Mapping[str, float]) -> dict[str, float]:
    """What covariates of these values add to a subject's latents."""
    return offsets(brain.task.covariates, covariates) if covariates and isinstance(brain.task, Covaries) else {}


def _covariates(brain: "Brain", subject: int, stream: str, free: bool) -> dict[str, float]:
    rng = streams(brain, stream, subject)
    return brain.task.values(subject, stream, rng, free) if isinstance(brain.task, Covaries) else {}
