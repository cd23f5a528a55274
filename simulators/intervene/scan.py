"""Interventions on a subject's covariates, and on where and how it is scanned; those on pathology are the task's.

All are set in `do` beside the task's own and re-render the same subject:

shift: (x, y, z) in mm by which the head lies elsewhere. warp: draw k of another smooth field, added to the subject's
own at half its size. rescan: draw k of another scan of the same head, with all that a scan draws and its own position.
scan: values of the scan by name, e.g. {"blur_mm": 6}; all else keeps its draw. covariates: values of the subject's
covariates by name, e.g. {"age": 1.5}, in SDs, -1 or 1 for two values; the label and all else stay what they are.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.contracts import BadInput
from simulators.checks import between
from simulators.choose import known
from simulators.covariates import shaped
from simulators.draw import subject
from simulators.draw.scene import Scene
from simulators.pathology.protocol import Grained, Placed
from simulators.space.correspondence import carried, corresponding
from simulators.task.protocol import Covaries

if TYPE_CHECKING:
    from simulators.brain import Brain

#: size of an added field relative to what brains differ by; SD of the position of another scan, largest shift (mm)
WARP, REPOSITION_MM, FARTHEST_MM = 0.5, 1.0, 50.0
#: values of a scan that can be set, within what bounds
SCAN = {
    "gain": (-1, 1),
    "noise": (0, 0.5),
    "gamma": (-1, 1),
    "blur_mm": (0, 20),
    "ghost": (-0.5, 0.5),
    "ghost_at": (0, 0.5),
}


def split(do: Mapping[str, Any] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Interventions on the scan, and those that are the task's to read."""
    do = do or {}
    return {k: v for k, v in do.items() if k in STEPS}, {k: v for k, v in do.items() if k not in STEPS}


def intervene(brain: "Brain", scene: Scene, scan: Mapping[str, Any]) -> Scene:
    """The same subject shifted, warped or scanned again; what belongs to its tissue goes with it.

    Raises:
        BadInput: where a value is not what the intervention takes.
    """
    if not scan:
        return scene
    # a bank keeps what lies inside the head, which an intervention may move
    new = scene = scene._replace(local=brain.draw_local(brain.streams(scene.stream, scene.subject)))
    for name, step in STEPS.items():
        if name in scan:
            new = step(brain, new, scan[name])
    return _followed(brain, scene, new)


def _shift(brain: "Brain", scene: Scene, value: Any) -> Scene:
    return scene._replace(moved=scene.moved + _millimetres(value))


def _warp(brain: "Brain", scene: Scene, value: Any) -> Scene:
    rng = brain.streams(f"{scene.stream}/warp-{number('warp', value)}", scene.subject)
    added = np.float32(WARP) * brain.anatomy.draw(rng("anatomy"))["lattice"]
    return scene._replace(shape={**scene.shape, "lattice": scene.shape["lattice"] + added})


def _rescan(brain: "Brain", scene: Scene, value: Any) -> Scene:
    rng = brain.streams(f"{scene.stream}/rescan-{number('rescan', value)}", scene.subject)
    return scene._replace(
        moved=scene.moved + REPOSITION_MM * rng("position").standard_normal(3),
        local=scene.local._replace(noise=brain.nuisance.noise_pair(rng("noise"), brain.shape)),
        scan=brain.nuisance.draw(rng("scan")),
    )


def _set(brain: "Brain", scene: Scene, value: Any) -> Scene:
    if not isinstance(value, Mapping):
        raise BadInput(f"do scan={value!r} is not possible: give values by name, such as {{'blur_mm': 6}}.")
    for name, number in value.items():
        known("do scan", name, tuple(SCAN))
        between(f"do scan.{name}", number, *SCAN[name])
    return scene._replace(scan=scene.scan._replace(**value))


def _covary(brain: "Brain", scene: Scene, value: Any) -> Scene:
    if not isinstance(brain.task, Covaries) or not isinstance(value, Mapping):
        own = [c.name for c in brain.task.covariates] if isinstance(brain.task, Covaries) else "none"
        raise BadInput(f"do covariates={value!r} is not possible: give values by name; the task's covariates: {own}.")
    named = {covariate.name: covariate for covariate in brain.task.covariates}
    for name, number in value.items():
        known("do covariates", name, tuple(named))
        named[name].require(number)
    covariates = {**scene.covariates, **value}
    added = subject.added(brain, covariates)
    drawn = brain.anatomy.draw(brain.streams(scene.stream, scene.subject)("anatomy"))
    return scene._replace(shape=shaped(drawn, added), covariates=covariates, added=added)


#: what `do` may hold beside the task's own interventions, in the order in which it happens
STEPS: dict[str, Callable[["Brain", Scene, Any], Scene]] = {
    "covariates": _covary,
    "shift": _shift,
    "warp": _warp,
    "rescan": _rescan,
    "scan": _set,
}


def _followed(brain: "Brain", scene: Scene, new: Scene) -> Scene:
    """The new scene with anatomy warped anew from the template, and folding and lesions carried along from the old."""
    voxel = brain.anatomy.resolution_mm
    was, now = brain.position(scene), brain.position(new)

    def follow(part: Any, latents: Mapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(part, Placed):
            return part.follow(latents, lambda points: corresponding(points, was, now, voxel))
        if isinstance(part, Grained):
            return part.carry(latents, lambda volumes: carried(volumes, now, was, voxel))
        return latents

    pathology = tuple(map(follow, brain.parts.parts, scene.pathology))
    local = new.local._replace(folding=carried(scene.local.folding, now, was, voxel))
    return new._replace(warped=brain.anatomy.resample(now, new.shape), local=local, pathology=pathology)


def _millimetres(value: Any) -> np.ndarray:
    try:
        found = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    # not a number is not within any bound
    if found.shape != (3,) or not (np.abs(found) <= FARTHEST_MM).all():
        raise BadInput(
            f"do shift={value!r} is not possible: give three numbers from {-FARTHEST_MM:g} to {FARTHEST_MM:g}, "
            "millimetres along x, y and z."
        )
    return found


def number(name: str, value: Any) -> int:
    """The number of a draw, or BadInput."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadInput(f"do {name}={value!r} is not possible: give the number of the draw, 0 or more.")
    return value
