"""Figure: what a simulator makes. A few patients in three planes, beside their twins, truths and regions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

from bench.report.figures import slices, style
from bench.report.figures.compose import DIVERGING, Array
from bench.report.figures.sheet import Bar, Plane, PortraitSheet, Position
from bench.report.load import panels

PLANES = tuple(Plane(name, panels.PLANES[name], panels.SIDES[name]) for name in ("sagittal", "coronal", "axial"))
#: a cut goes through the middle of a lesion, not through its brightest voxel
_SMOOTHING_MM = 8.0
_MARGIN_MM = 12.0
#: share of the voxels that keep a colour of their own; the rest are shown as the scale's end
_CLIP = 0.999


@dataclass(frozen=True)
class Portrait:
    """P patients as volumes (P, X, Y, Z) with x to the right, y to anterior, z to superior.

    captions: one line per patient. twins: the same subjects in the other state. truths: by name, those that are not
    simply image minus twin; same: names of those that are. regions: labels, r is `region_names[r - 1]`. domain: the
    brain. affine: (4, 4), voxel to mm, no rotation. origin: a clause on what the heads are taken from.
    """

    title: str
    captions: tuple[str, ...]
    images: Array
    twins: Array
    truths: dict[str, Array]
    same: tuple[str, ...]
    regions: Array
    region_names: tuple[str, ...]
    domain: Array
    affine: Array
    origin: str = ""

    @property
    def change(self) -> Array:
        """Change of the images by the pathology (P, X, Y, Z)."""
        return self.images - self.twins

    @property
    def spacing(self) -> Array:
        """Edges of a voxel in mm (3,)."""
        return np.diag(self.affine)[:3]


class Cut(NamedTuple):
    """A slice of one patient."""

    patient: int
    axis: int
    at: int

    def of(self, volumes: Array) -> Array:
        """The slice of volumes (P, X, Y, Z) as a picture (H, W), row 0 on top."""
        return np.rot90(volumes[self.patient].take(self.at, self.axis))


class _Column(NamedTuple):
    title: str
    picture: Callable[[Cut], Array]
    bar: Bar | None = None


def draw(portrait: Portrait) -> Figure:
    """The portrait on one page; a column keeps its scale over all patients."""
    crop = cropped_portrait(portrait)
    columns = list(_columns(crop))
    with style.journal():
        box = tuple(crop.spacing * crop.images.shape[1:])
        sheet = PortraitSheet.of(box, len(crop.images), len(columns), PLANES, crop.title, _facts(portrait))
        for k, column in enumerate(columns):
            sheet.head(k, column.title)
            if column.bar:
                sheet.bar(k, column.bar)
        for p in range(len(crop.images)):
            _patient(sheet, crop, columns, p)
    return sheet.figure


def cropped_portrait(portrait: Portrait) -> Portrait:
    """The portrait in the box that all its brains fill, with a margin around them."""
    inside, margin = np.argwhere(portrait.domain.any(0)), np.ceil(_MARGIN_MM / portrait.spacing).astype(int)
    low = np.maximum(inside.min(0) - margin, 0)
    window = (slice(None), *(slice(a, b + 1) for a, b in zip(low, inside.max(0) + margin, strict=True)))
    affine = portrait.affine.copy()
    affine[:3, 3] += portrait.spacing * low
    return replace(
        portrait,
        images=portrait.images[window],
        twins=portrait.twins[window],
        truths={name: truth[window] for name, truth in portrait.truths.items()},
        regions=portrait.regions[window],
        domain=portrait.domain[window],
        affine=affine,
    )


def centre(change: Array, domain: Array, spacing: Array) -> tuple[int, ...]:
    """The voxel of the domain at which |change| (X, Y, Z), smoothed, is largest."""
    smooth = ndimage.gaussian_filter(np.abs(change).astype(float), _SMOOTHING_MM / spacing / 2.355)
    return tuple(int(i) for i in np.unravel_index(np.argmax(np.where(domain, smooth, -1)), change.shape))


def _patient(sheet: PortraitSheet, portrait: Portrait, columns: list[_Column], p: int) -> None:
    at = centre(portrait.change[p], portrait.domain[p], portrait.spacing)
    sheet.caption(p, portrait.captions[p])
    for r, view in enumerate(PLANES):
        cut = Cut(p, view.axis, at[view.axis])
        axes = [sheet.show(Position(p, r, k), column.picture(cut)) for k, column in enumerate(columns)]
        sheet.letters(axes[0], view)
        if (p, r) == (0, 0):
            sheet.ruler(axes[0])
        where = (portrait.affine @ (*at, 1))[view.axis]
        sheet.name(p, r, f"{view.name}\n{panels.coordinate(view.name, where)}")


def _columns(p: Portrait) -> Iterator[_Column]:
    """Patient, twin, their difference, every other truth, and the regions."""
    top, end = _end(np.stack([p.images, p.twins])), _end(p.change)

    def patient(cut: Cut) -> Array:
        return slices.grey(cut.of(p.images), top)

    def twin(cut: Cut) -> Array:
        return slices.grey(cut.of(p.twins), top)

    def difference(cut: Cut) -> Array:
        return slices.signed(cut.of(p.change), end, cut.of(p.domain))

    def regions(cut: Cut) -> Array:
        return slices.outlines(patient(cut), cut.of(p.regions), slices.palette(p.region_names))

    greys = Bar("Greys_r", 0, top)
    yield _Column("patient", patient, greys)
    yield _Column("twin without\nthe disease", twin, greys)
    same = f"\n= {', '.join(map(style.display_name, p.same))}" if p.same else ""
    yield _Column(f"patient − twin{same}", difference, _both(end))
    for name, truth in p.truths.items():
        yield _truth(name, truth, patient)
    yield _Column(f"{len(p.region_names)} regions", regions)


def _truth(name: str, truth: Array, under: Callable[[Cut], Array]) -> _Column:
    end = _end(truth)
    return _Column(style.display_name(name), lambda cut: slices.tinted(under(cut), cut.of(truth), end), _both(end))


def _both(end: float) -> Bar:
    return Bar(DIVERGING, -end, end)


def _end(values: Array) -> float:
    """The end of a scale: a quantile of the sizes that are not zero; 1 where all are."""
    sizes = np.abs(values[values != 0])
    return float(np.quantile(sizes, _CLIP)) if sizes.size else 1.0


def _facts(portrait: Portrait) -> str:
    edges = " × ".join(f"{edge:g}" for edge in dict.fromkeys(portrait.spacing.tolist()))
    grid = " × ".join(map(str, portrait.images.shape[1:]))
    origin = f"{portrait.origin}; " if portrait.origin else ""
    return f"{origin}voxels of {edges} mm, {grid}; planes through the largest change"
