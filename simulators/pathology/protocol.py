"""What a pathology offers: a law of latents, the extent of its act, and who judges how visible it is."""

from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from simulators.anatomy.mni152 import Warped
from simulators.observers import Observer


class Pathology(Protocol):
    """One cause of change.

    tissues: which of "gm" and "wm" it takes from. becomes: what taken tissue turns to, "fluid" or "lesion". observer:
    the reference observer that judges it. `ChangesSignal` replaces the first two.
    """

    version: ClassVar[str]
    tissues: ClassVar[tuple[str, ...]]
    becomes: ClassVar[str]
    observer: ClassVar[type[Observer]]

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse an anatomy without the regions that the pathology names."""

    def draw(self, rng: np.random.Generator, warped: Warped, voxel_mm: float) -> dict[str, Any]:
        """One subject's latents, `severity` among them."""

    def extent(self, warped: Warped, latents: dict[str, Any], names: tuple[str, ...], voxel_mm: float) -> np.ndarray:
        """Share (D, H, W) that amplitude 1 at severity 1 acts on, in [0, 1]."""


@runtime_checkable
class ChangesSignal(Protocol):
    """A pathology that leaves the tissues as they are and changes what they emit."""

    def change(self, share: np.ndarray, signal: np.ndarray, warped: Warped, latents: dict[str, Any]) -> np.ndarray:
        """Signed change (D, H, W) of the noise-free signal.

        share, signal: (D, H, W). A voxel's change may depend on voxels of its own region only, or a region could not
        be redrawn alone.
        """
