"""Records: the values drawn for a subject as one flat row, and descriptions of its columns."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from simulators.contrast import TISSUES
from simulators.draw.scene import Scene
from simulators.parts import Parts, Strengths
from simulators.truths.off_target import confined, off_target_change

#: endings of the names of a number, a pair and a triple; other values are too long for a table
ENDINGS = {(): ("",), (2,): ("_left", "_right"), (3,): ("_x", "_y", "_z")}
#: the bias field's terms of second order, after the slopes, in the order of the scan's coefficients
BENDS = tuple(f"bias_{term}" for term in range(4, 10))
#: number of the side that a pathology with sides is on
SIDES = {"left": -1.0, "right": 1.0}
#: descriptions by quantity, of which a record may have several columns
DESCRIPTIONS = {
    "scale": "factor on the head's size along an axis",
    "ventricles": "relative growth of a lateral ventricle",
    "shift": "position of the head, in mm",
    "rotation": "rotation of the head about an axis, in radians",
    "scan": "number of the scan that the anatomy was taken from, from 0",
    "moved": "shift of the head by an intervention, in mm",
    "bias": "coefficient of the log bias field: slopes along x, y and z, then terms of higher order",
    "gain": "log gain of the scanner",
    "noise": "SD of each of the two channels of the noise, on the image's scale",
    "gamma": "log exponent of the intensities",
    "blur_mm": "width at half maximum of the point spread, in mm",
    "ghost": "strength of the ghosts of motion",
    "ghost_at": "distance of the ghosts, in fields of view",
    "site": "number of the scanner in the table of sites, 0 where there is none",
    "intensity": "mean intensity of a tissue",
    "severity": "severity of a part of the pathology, 0 where the subject does not carry it",
    "side": "side of a part of the pathology, carried or not: -1 left, 1 right, 0 both",
    "lesions": "number of lesions drawn for a part of the pathology, carried or not",
    "lesion_ml": "volume of these lesions one by one, summed, in ml",
    "lesion": "mean position of these lesions, in mm of the image's affine",
    "covariate": "covariate of the subject, in SDs or as a factor's level",
    "off_target_change": "share of what the pathology changes that lies outside its regions and their interface",
    "volume": "grey and white matter of a region before any pathology, in ml",
}


class _Value(NamedTuple):
    quantity: str
    number: float


def record(parts: Parts, scene: Scene, strengths: Strengths) -> dict[str, float]:
    """Named values of a subject.

    From its anatomy: every latent of one to three values (`scale_x`; shifts in mm, rotations in radians), and where an
    intervention `moved` it. Mean intensities of its tissues (`intensity_gm`). From its scan: `bias_x`, `bias_y`,
    `bias_z` (slopes) and `bias_4` to `bias_9`, `gain` and `gamma` (logs), `noise` (SD), `blur_mm`, `ghost`, `ghost_at`,
    `site`. `severity` of every part, 0 where absent (`severity_2` for the second), and where it has them, carried or
    not, its `side`, number of `lesions`, their volume (`lesion_ml`) and mean place (`lesion_x`, mm).
    `volume_<region>`: grey and white matter in ml before any pathology. `covariate_age` and so on: covariates, whose
    effects are part of all of these. `off_target_change`, where anatomy moves: share of what the pathology changes that
    lies outside its regions and their interface.
    """
    return {column: value.number for column, value in _values(parts, scene, strengths).items()}


def descriptions(parts: Parts, scene: Scene, strengths: Strengths) -> dict[str, str]:
    """Descriptions of the columns of `record`."""
    return {
        column: DESCRIPTIONS.get(value.quantity, f"value {column} that the simulator drew")
        for column, value in _values(parts, scene, strengths).items()
    }


def _values(parts: Parts, scene: Scene, strengths: Strengths) -> dict[str, _Value]:
    named = {**scene.shape, "moved": scene.moved, **scene.scan._asdict(), "bias": scene.scan.bias[:3]}
    row = {column: value for quantity, drawn in named.items() for column, value in _flat(quantity, drawn)}
    row |= {name: _Value("bias", float(value)) for name, value in zip(BENDS, scene.scan.bias[3:], strict=True)}
    row |= {
        f"intensity_{tissue}": _Value("intensity", float(value))
        for tissue, value in zip(TISSUES, scene.intensities, strict=True)
    }
    for part, (latents, state) in enumerate(zip(scene.pathology, strengths, strict=True), start=1):
        values = {"severity": _Value("severity", float(state * latents["severity"])), **_placed(parts, latents)}
        row |= {name if part == 1 else f"{name}_{part}": value for name, value in values.items()}
    row |= {f"covariate_{name}": _Value("covariate", value) for name, value in scene.covariates.items()}
    if confined(parts):
        row["off_target_change"] = _Value("off_target_change", off_target_change(parts, scene))
    return row | dict(_volumes(parts, scene))


def _placed(parts: Parts, latents: Mapping[str, Any]) -> dict[str, _Value]:
    """Side, number and mean place of what was drawn for a part of the pathology, if it has any."""
    values = {"side": _Value("side", SIDES.get(latents["side"], 0.0))} if "side" in latents else {}
    centres = next((np.atleast_2d(latents[name]) for name in ("centre", "centres") if name in latents), None)
    if centres is None:
        return values
    affine = parts.anatomy.template.affine
    place = affine[:3, :3] @ centres.mean(0) + affine[:3, 3]
    volume = float(next((np.sum(latents[name]) for name in ("volume_ml", "volumes_ml") if name in latents), 0.0))
    counted = {"lesions": _Value("lesions", float(len(centres))), "lesion_ml": _Value("lesion_ml", volume)}
    return {**values, **counted, **dict(_flat("lesion", place))}


def _flat(quantity: str, drawn: Any) -> Iterator[tuple[str, _Value]]:
    values = np.asarray(drawn)
    # a value of another length has no endings, so its names are none
    for ending, number in zip(ENDINGS.get(values.shape, ()), values.flat, strict=False):
        yield quantity + ending, _Value(quantity, float(number))


def _volumes(parts: Parts, scene: Scene) -> Iterator[tuple[str, _Value]]:
    tissue = parts.local.apply(scene.warped.maps, scene.warped.labels, scene.local)[:2].sum(0)
    sums = np.bincount(scene.warped.labels.ravel(), weights=tissue.ravel(), minlength=len(parts.names) + 1)
    millilitres = sums[1:] * parts.voxel_mm**3 / 1000
    for name, volume in zip(parts.names, millilitres, strict=True):
        yield f"volume_{name.replace(' ', '_')}", _Value("volume", float(volume))
