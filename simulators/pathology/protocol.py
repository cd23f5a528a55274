"""Pathologies: a law of latents, the extent of an act or a displacement, and the observer that judges it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.observe.observers import Observer
from simulators.space.place import Place

#: displacements of a subject by one pathology: amounts and latents
Displaced = Sequence[tuple[float, Mapping[str, Any]]]


class Pathology(Protocol):
    """One cause of change.

    family: the kind of change, whose simulators are ranked together. summary: one sentence, which tables of results
    show. observer: the reference observer that judges it.
    """

    version: ClassVar[str]
    family: ClassVar[str]
    summary: ClassVar[str]
    observer: ClassVar[type[Observer]]

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse an anatomy without the regions that the pathology names."""

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """One subject's latents, `severity` among them."""


@runtime_checkable
class Acts(Pathology, Protocol):
    """A pathology that acts voxel by voxel.

    tissues: which of "gm" and "wm" it takes from. becomes: what taken tissue turns to, "fluid", "lesion" or "wm".
    `ChangesSignal` replaces both.
    """

    tissues: ClassVar[tuple[str, ...]]
    becomes: ClassVar[str]

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) that amplitude 1 at severity 1 acts on, 0 or more; times the amount, at most all is taken."""


@runtime_checkable
class Displaces(Pathology, Protocol):
    """A pathology that moves anatomy instead of acting voxel by voxel."""

    regions: tuple[str, ...]

    def displacement(self, amount: float, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Displacement u (D, H, W, 3) float32 in mm: voxel p of the sick subject shows what the healthy one has at
        p + u(p). Exactly zero away from the pathology and at the brain's surface, where the skull holds it.

        amount: the relative change of volume that is asked for, amplitude x strength x severity.
        """


@runtime_checkable
class Divides(Displaces, Protocol):
    """A pathology that moves anatomy and can do so in some of its regions alone."""

    def confined(self, latents: Mapping[str, Any], regions: tuple[str, ...]) -> dict[str, Any]:
        """The latents of the subject with the pathology in these of its regions and no others."""

    def turn(self, before: Displaced, after: Displaced, region: str) -> dict[str, Any] | None:
        """The latents of a displacement, of any amount, that turns a region displaced as `before` into one as `after`.

        None where it is that already.
        """


@runtime_checkable
class ChangesSignal(Protocol):
    """A pathology that leaves the tissues as they are and changes what they emit."""

    def change(self, share: np.ndarray, signal: np.ndarray, warped: Warped, latents: Mapping[str, Any]) -> np.ndarray:
        """Signed change (D, H, W) of the noise-free signal.

        share, signal: (D, H, W). A voxel's change may depend on voxels of its own region only, or a region could not
        be redrawn alone.
        """


@runtime_checkable
class Grows(Protocol):
    """A pathology of which there is more at a higher strength (more lesions, say), each as pronounced as ever."""

    def grown(self, latents: Mapping[str, Any], strength: float) -> dict[str, Any]:
        """The latents at a strength of 0 to 1."""


@runtime_checkable
class Roams(Protocol):
    """A pathology that lies at a place, or several, drawn for each subject from a prior.

    usual_radius_mm: how far from its centre a lesion usually reaches.
    """

    @property
    def usual_radius_mm(self) -> float:
        """In mm."""

    def places(self, place: Place) -> np.ndarray:
        """Prior (D, H, W) of a centre, up to a factor."""

    def centres_of(self, latents: Mapping[str, Any]) -> np.ndarray:
        """Centres (n, 3) in voxels, each within half a voxel along each axis of the one that the prior gave."""

    def chance(self, share: np.ndarray, strength: float) -> np.ndarray:
        """Exact chance (R,) that any centre at a strength above 0 lies where this share (R,) of the prior does."""


@runtime_checkable
class HoldsPlaces(Protocol):
    """A pathology whose latents hold places in voxels, which follow a head that is scanned elsewhere."""

    def follow(self, latents: Mapping[str, Any], move: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
        """The latents with every place (n, 3) moved."""


@runtime_checkable
class HoldsGrain(Protocol):
    """A pathology whose latents hold volumes of grain, which belong to the tissue and follow it as places do."""

    def resampled(self, latents: Mapping[str, Any], resample: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
        """The latents with every volume (n, D, H, W) resampled."""


@runtime_checkable
class InRegions(Protocol):
    """A pathology that acts in regions it names, which the grid must be fine enough for."""

    regions: tuple[str, ...]


@runtime_checkable
class NearLandmarks(Protocol):
    """A pathology that lies in or near regions it names, which the grid must be fine enough for."""

    landmarks: tuple[str, ...]


@runtime_checkable
class OfTissue(Protocol):
    """A pathology whose regions and landmarks hold a tissue.

    regions_hold: which of "gm", "wm" and "csf" they may hold; one of them is enough.
    """

    regions_hold: ClassVar[tuple[str, ...]]


@runtime_checkable
class HasSizes(Protocol):
    """A pathology whose lesions have volumes of their own, none below `smallest_ml`, which the grid must carry."""

    smallest_ml: float


@runtime_checkable
class Fine(Protocol):
    """A pathology that only a grid of `coarsest_mm` or finer shows."""

    coarsest_mm: ClassVar[float]
