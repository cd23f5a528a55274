"""Interventions on a subject's covariates, on its place in the scanner and on the scan; on pathology, see tasks.

All are set in `do` beside the task's own and re-render the same subject:

shift: (x, y, z) in mm by which the head lies elsewhere. warp: draw k of another smooth field, added to the subject's
own at half its size. rescan: draw k of another scan of the same head, with all that a scan draws and its own position.
scan: values of the scan by name, e.g. {"blur_mm": 6}; all else keeps its draw. covariates: values of the subject's
covariates by name, e.g. {"age": 1.5}, in SDs, -1 or 1 for two values; the label and all else stay what they are.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import numpy as np

from bench.contracts import Between, impossible, known, require
from simulators.covariates import offsets, scan_with, shape_with
from simulators.draw import subject
from simulators.draw.scene import Scene
from simulators.parts import Part, Parts
from simulators.space.correspondence import corresponding, resampled_from

#: size of an added field relative to what brains differ by; SD of the position of another scan, largest shift (mm)
WARP, REPOSITION_MM, FARTHEST_MM = 0.5, 1.0, 50.0
#: values of a scan that can be set, within what bounds
SCAN = {
    "gain": Between(-1, 1),
    "noise": Between(0, 0.5),
    "gamma": Between(-1, 1),
    "blur_mm": Between(0, 20, unit="mm"),
    "ghost": Between(-0.5, 0.5),
    "ghost_at": Between(0, 0.5),
}


def intervene(parts: Parts, scene: Scene, scan: Mapping[str, Any]) -> Scene:
    """The same subject shifted, warped or scanned again; what belongs to its tissue goes with it.

    Raises:
        BadInput: where a value is not what the intervention takes.
    """
    if not scan:
        return scene
    # a bank keeps what lies inside the head, which an intervention may move
    new = scene = scene._replace(local=subject.local(parts, _streams(parts, scene), scene.added))
    for name, step in STEPS.items():
        if name in scan:
            new = step(parts, new, scan[name])
    return _followed(parts, scene, new)


def _streams(parts: Parts, scene: Scene, draw: str = "") -> subject.Streams:
    return subject.streams(parts, scene.stream + draw, scene.subject)


def _shift(parts: Parts, scene: Scene, value: Any) -> Scene:
    return scene._replace(moved=scene.moved + _millimetres(value))


def _warp(parts: Parts, scene: Scene, value: Any) -> Scene:
    rng = _streams(parts, scene, f"/warp-{number('warp', value)}")
    added = np.float32(WARP) * parts.anatomy.draw(rng("anatomy"))["lattice"]
    return scene._replace(shape={**scene.shape, "lattice": scene.shape["lattice"] + added})


def _rescan(parts: Parts, scene: Scene, value: Any) -> Scene:
    rng = _streams(parts, scene, f"/rescan-{number('rescan', value)}")
    return scene._replace(
        moved=scene.moved + REPOSITION_MM * rng("position").standard_normal(3),
        local=scene.local._replace(noise=parts.nuisance.noise_pair(rng("noise"), parts.shape)),
        scan=subject.scan(parts, rng, scene.added),
    )


def _set(parts: Parts, scene: Scene, value: Any) -> Scene:
    """The scan with values of its own, to which the subject's covariates add as to any."""
    if not isinstance(value, Mapping):
        raise impossible("do", "scan", value, "values by name, such as {'blur_mm': 6}")
    for name, number in value.items():
        known("do.scan", "value", name, SCAN)
        require("do.scan", name, number, Annotated[float, SCAN[name]])
    asked = scan_with(scene.scan._replace(**value), scene.added)
    return scene._replace(scan=scene.scan._replace(**{name: getattr(asked, name) for name in value}))


def _covary(parts: Parts, scene: Scene, value: Any) -> Scene:
    named = {covariate.name: covariate for covariate in parts.labels.covariates}
    if not named or not isinstance(value, Mapping):
        names = list(named) or "none"
        raise impossible("do", "covariates", value, f"values by name; the task's covariates: {names}")
    for name, number in value.items():
        known("do.covariates", "covariate", name, named)
        named[name].require(number)
    covariates = {**scene.covariates, **value}
    added, rng = offsets(parts.labels.covariates, covariates), _streams(parts, scene)
    return scene._replace(
        shape=shape_with(parts.anatomy.draw(rng("anatomy")), added),
        local=subject.local(parts, rng, added),
        scan=subject.scan(parts, rng, added),
        covariates=covariates,
        added=added,
    )


#: interventions that `do` may hold beside the task's own, in the order in which they happen
STEPS: dict[str, Callable[[Parts, Scene, Any], Scene]] = {
    "covariates": _covary,
    "shift": _shift,
    "warp": _warp,
    "rescan": _rescan,
    "scan": _set,
}


def _followed(parts: Parts, scene: Scene, new: Scene) -> Scene:
    """The new scene with anatomy warped anew from the template; folding and lesions follow from the old."""
    was, now = subject.position(parts, scene), subject.position(parts, new)

    def follow(part: Part, latents: Mapping[str, Any]) -> Mapping[str, Any]:
        if part.placed:
            return part.placed.follow(latents, lambda points: corresponding(points, was, now))
        if part.grained:
            return part.grained.resampled(latents, lambda volumes: resampled_from(volumes, now, was))
        return latents

    return new._replace(
        place=subject.placed(parts, parts.anatomy.resample(now, new.shape)),
        local=new.local._replace(folding=resampled_from(scene.local.folding, now, was)),
        pathology=tuple(map(follow, parts.pathologies, scene.pathology)),
    )


def _millimetres(value: Any) -> np.ndarray:
    try:
        shift = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        shift = np.empty(0)
    # not a number is not within any bound
    if shift.shape != (3,) or not (np.abs(shift) <= FARTHEST_MM).all():
        three = f"three numbers from {-FARTHEST_MM:g} to {FARTHEST_MM:g}, millimetres along x, y and z"
        raise impossible("do", "shift", value, three)
    return shift


def number(name: str, value: Any) -> int:
    """The number of a draw, or BadInput."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise impossible("do", name, value, "the number of the draw, 0 or more")
    return value
