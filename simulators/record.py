"""What was drawn for a subject, as one flat row: the columns of a table of participants."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from simulators.contrast import TISSUES
from simulators.covariates import shown
from simulators.scene import Scene
from simulators.spill import confined, spill
from simulators.task.protocol import Strength

if TYPE_CHECKING:
    from simulators.brain import Brain

#: endings of the names of a number, a pair and a triple; other values are too long for a table
ENDINGS = {(): ("",), (2,): ("_left", "_right"), (3,): ("_x", "_y", "_z")}


def record(brain: "Brain", scene: Scene, strength: Strength) -> dict[str, float]:
    """Named values of a subject.

    From its anatomy: every latent of one to three values (`scale_x`; shifts in mm, rotations in radians), and where an
    intervention `moved` it. Mean intensities of its tissues (`intensity_gm`). From its scan: `bias_x`, `bias_y`,
    `bias_z` (slopes), `gain` and `gamma` (logs), `noise` (SD), `blur_mm`, `ghost`, `ghost_at`, `site`. `severity` of
    every part, 0 where absent (`severity_2` for the second). `volume_<region>`: grey and white matter in ml before any
    pathology. `covariate_age` and so on: covariates, whose effects are part of all of these. `spill`, where
    anatomy moves: share of what the pathology changes that lies outside its regions and their interface.
    """
    scene = shown(scene)
    named = {**scene.shape, "moved": scene.moved, **scene.scan._asdict(), "bias": scene.scan.bias[:3]}
    row = {key: number for name, value in named.items() for key, number in _flat(name, value)}
    row |= {f"intensity_{tissue}": float(v) for tissue, v in zip(TISSUES, scene.intensities, strict=True)}
    for part, (latents, state) in enumerate(zip(scene.pathology, brain.each(strength), strict=True), start=1):
        row["severity" if part == 1 else f"severity_{part}"] = float(state * latents["severity"])
    row |= {f"covariate_{name}": value for name, value in scene.covariates.items()}
    row |= {"spill": spill(brain, scene)} if confined(brain) else {}
    return row | dict(_volumes(brain, scene))


def _flat(name: str, value: Any) -> Iterator[tuple[str, float]]:
    values = np.asarray(value)
    # a value of another length has no endings, so its names are none
    for ending, number in zip(ENDINGS.get(values.shape, ()), values.flat, strict=False):
        yield name + ending, float(number)


def _volumes(brain: "Brain", scene: Scene) -> Iterator[tuple[str, float]]:
    tissue = brain.local.apply(scene.warped.maps, scene.warped.labels, scene.local)[:2].sum(0)
    sums = np.bincount(scene.warped.labels.ravel(), weights=tissue.ravel(), minlength=len(brain.region_names) + 1)
    millilitres = sums[1:] * brain.anatomy.resolution_mm**3 / 1000
    for name, volume in zip(brain.region_names, millilitres, strict=True):
        yield f"volume_{name.replace(' ', '_')}", float(volume)
