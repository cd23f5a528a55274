"""Demands that the parts of a simulator must meet together; each is refused in one sentence."""

from bench.contracts import BadInput, impossible
from simulators.anatomy.minimum import require, require_grid, require_lesion, require_shown
from simulators.anatomy.origin import drawing_of
from simulators.anatomy.parcellation import Parcellation
from simulators.covariates import SHAPE
from simulators.parts import Part, Parts
from simulators.pathology.protocol import Fine, HasSizes, NearLandmarks, OfTissue
from simulators.truths.not_disease import require_dialled_cause

TISSUE_NAMES = {"gm": "grey matter", "wm": "white matter", "csf": "fluid"}


def require_possible(parts: Parts, separability: float) -> None:
    """Refuse parts that do not go together, or that cannot be told apart as asked.

    Raises:
        BadInput: for the first demand that is not met.
    """
    _require_regions(parts)
    _require_sizes(parts)
    parts.task.validate(len(parts.pathologies))
    _require_one_mover(parts)
    _require_lasting_places(parts)
    require_dialled_cause(parts)
    ceiling = parts.labels.ceiling
    if separability > ceiling:
        most = f"at most {ceiling:g}, or a task with fewer patients who look like controls"
        raise impossible("simulator", "separability", separability, most)


def _require_regions(parts: Parts) -> None:
    """Refuse regions that the anatomy does not have, or shows in too few voxels, and a grid too coarse for a law."""
    laws = [part.law for part in parts.pathologies]
    named = sorted({region for part in parts.pathologies for region in _regions(part)} | parts.local.named)
    drawing = drawing_of(parts.anatomy)
    require_shown(named, drawing, parts.names, parts.voxel_mm)
    parts.pathology.validate(parts.names)
    for part in parts.pathologies:
        _require_fitting(part, drawing)
    for law in laws:
        if isinstance(law, Fine):
            require_grid(type(law).__name__, law.coarsest_mm, parts.voxel_mm)
    parts.local.validate(parts.names)
    require(named, parts.anatomy.template.labels, parts.names, parts.voxel_mm)


def _regions(part: Part) -> tuple[str, ...]:
    """The regions in which a part of the pathology acts, or near which it lies."""
    return (*part.regions, *(part.law.landmarks if isinstance(part.law, NearLandmarks) else ()))


def _require_fitting(part: Part, drawing: Parcellation) -> None:
    """Refuse regions that a law names twice, or that hold none of the tissues that it is for."""
    law, regions = type(part.law).__name__, _regions(part)
    for region in regions:
        if regions.count(region) > 1:
            raise BadInput(f"pathology: {law} names {region!r} twice; name each region once")
        if isinstance(part.law, OfTissue) and not drawing.holds(region, part.law.regions_hold):
            tissues = " or ".join(TISSUE_NAMES[tissue] for tissue in part.law.regions_hold)
            raise BadInput(f"pathology: {law} is for regions of {tissues}, and {region!r} holds none; name others")


def _require_sizes(parts: Parts) -> None:
    """Refuse lesions smaller than a voxel."""
    for part in parts.pathologies:
        if isinstance(part.law, HasSizes):
            require_lesion(f"{type(part.law).__name__}.smallest_ml", part.law.smallest_ml, parts.voxel_mm)


def _require_one_mover(parts: Parts) -> None:
    """Refuse a task by which two parts of the pathology move the anatomy of one subject."""
    numbers = [number for number, part in enumerate(parts.pathologies) if part.moving]
    states = (parts.strengths(subject, "train") for subject in range(parts.labels.cycle if len(numbers) > 1 else 0))
    if any(sum(state[number] > 0 for number in numbers) > 1 for state in states):
        raise BadInput(
            "pathology.parts: there is more than one part that moves anatomy in one subject, so neither would reach "
            "the volume asked for; name all regions in one of them, give the others a pathology that acts voxel by "
            "voxel, or take a task that gives a subject one of them"
        )


def _require_lasting_places(parts: Parts) -> None:
    """Refuse visits of a person between which ageing would carry what is drawn at a place to another one."""
    shapes = {latent for one in parts.labels.covariates for latent in SHAPE if one.effects.get(latent)}
    drawn = [type(part.law).__name__ for part in parts.pathologies if part.placed or part.grained]
    if parts.labels.visits > 1 and shapes and drawn:
        raise BadInput(
            f"task.ageing: {sorted(shapes)[0]} moves anatomy between visits, and {drawn[0]} would lie elsewhere at "
            f"each of them; set {sorted(shapes)[0]} to 0, or take a pathology of named regions"
        )
