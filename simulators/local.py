"""Local variation of healthy brains: regional volume, regional signal and folding texture."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from bench.contracts import Between, RegionName, bounded, impossible

#: structures whose volume varies in its own way, fitted to `anatomy/norms.csv` at 7 mm: its SD over that of others, and
#: the shares of its variance that the whole brain and both sides have in common; nuclei have no cortex to thicken
TABLE = Path(__file__).parent / "anatomy" / "variation.csv"


class Law(NamedTuple):
    """How the volume of regions varies: its SD, and the shares common to the brain and to both sides, (R + 1,) each."""

    sd: np.ndarray
    shared: np.ndarray
    paired: np.ndarray


class Local(NamedTuple):
    """A subject's local latents.

    volume, signal: (R + 1,) relative change of grey matter and of signal a region, index 0 is outside.
    folding: (2, D, H, W) smooth unit-variance texture of grey and of white matter. noise: (2, D, H, W).
    """

    volume: np.ndarray
    signal: np.ndarray
    folding: np.ndarray
    noise: np.ndarray


@bounded
@dataclass(frozen=True)
class Variation:
    """Standard deviations of the local latents.

    volume: regional grey-matter volume (relative), of whose variance the share `shared` is common to the whole brain,
    as the thickness of its cortex is, and `paired` to both sides of a region; structures of `anatomy/variation.csv`
    have shares of their own, and a multiple of the SD. signal: regional signal (relative). folding: tissue share a
    fold moves; folding_mm: its width.
    """

    version: ClassVar[str] = "3"
    volume: Annotated[float, Between(0, 0.2)] = 0.095
    shared: Annotated[float, Between(0, 1)] = 0.13
    paired: Annotated[float, Between(0, 1)] = 0.45
    signal: Annotated[float, Between(0, 0.2)] = 0.015
    folding: Annotated[float, Between(0, 0.5)] = 0.12
    folding_mm: Annotated[float, Between(1, 50, unit="mm")] = 5.0

    def __post_init__(self) -> None:
        if self.shared + self.paired > 1:
            raise impossible(self, "paired", self.paired, f"at most {1 - self.shared:g} beside shared={self.shared:g}")

    @property
    def named(self) -> frozenset[str]:
        """Regions singled out, which the grid must be fine enough for."""
        return frozenset()

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Accepts any anatomy, because no region is named."""

    def covariance(self, first: str, second: str) -> float:
        """Covariance of two different regions' volumes, higher for the two sides of one."""
        sd, shared, paired = self.law((first, second))
        both = paired[1] if _first(first) == _first(second) else 0.0
        return float(sd[1] * sd[2] * (np.sqrt(shared[1] * shared[2]) + both))

    def law(self, names: tuple[str, ...]) -> Law:
        """How the volumes of regions vary, 0 outside of them; the two sides of a structure vary alike."""
        given = _own(names)
        default = np.array([[1.0], [self.shared], [self.paired]])
        values = np.where(np.isnan(given), default, given)
        return Law(self.volume * values[0], *values[1:])

    def partners(self, regions: Collection[str]) -> frozenset[str]:
        """Other regions that vary with these for a reason of their own, beyond what all brains and both sides share."""
        return frozenset()

    def added(self, rng: np.random.Generator, names: tuple[str, ...]) -> np.ndarray:
        """Further variation of volume and signal at every label: (2, R + 1), relative.

        rng: the subject's own stream, of which nothing may be taken; `aside` gives another one.
        """
        return np.zeros((2, len(names) + 1))

    def draw(
        self,
        rng: np.random.Generator,
        names: tuple[str, ...],
        shape: tuple[int, ...],
        voxel_mm: float,
        noise: np.ndarray,
        folding: np.ndarray | None = None,
    ) -> Local:
        """One subject's local latents; the noise comes from the scanner's own stream, folding may from a bank."""
        more = self.added(rng, names)
        region = rng.standard_normal(len(names) + 1)
        pair, brain = rng.standard_normal(len(names) + 1), rng.standard_normal()
        sd, shared, paired = self.law(names)
        alone = np.sqrt(1 - shared - paired) * region
        volume = alone + np.sqrt(paired) * pair[_partners(names)] + np.sqrt(shared) * brain
        volume[0] = 0
        volume = sd * volume + more[0]
        signal = self.signal * rng.standard_normal(len(names) + 1) + more[1]
        if folding is None:
            # drawn last, so that leaving it out changes no other draw
            folding = self._folding(rng, shape, voxel_mm)
        return Local(volume.astype(np.float32), signal.astype(np.float32), folding, noise)

    def _folding(self, rng: np.random.Generator, shape: tuple[int, ...], voxel_mm: float) -> np.ndarray:
        white = rng.standard_normal((2, *shape), np.float32)
        smooth = np.stack(
            [gaussian_filter(w, self.folding_mm / voxel_mm / 2.355, mode="wrap", truncate=3.0) for w in white]
        )
        return smooth / smooth.std(axis=(1, 2, 3), keepdims=True)

    def apply(self, maps: np.ndarray, labels: np.ndarray, local: Local) -> np.ndarray:
        """Tissue shares (4, ...) of this subject before any pathology; their sum never exceeds the brain.

        A fold moves the border of a tissue, so it changes voxels that hold others too, most those that are half of it.
        maps, labels, and the folding of `local`: (4, ...), (...) and (2, ...), of all voxels (D, H, W) or of some (n,).
        """
        tissues, (gm, wm) = maps.copy(), local.folding
        mixed = 4 * maps[:2] * (1 - maps[:2])
        tissues[0] *= np.clip((1 + local.volume).take(labels) + self.folding * mixed[0] * gm, 0, 2)
        tissues[1] *= np.clip(1 + self.folding / 2 * mixed[1] * wm, 0, 2)
        tissues[:2] *= np.minimum(1, tissues[2] / np.maximum(tissues[0] + tissues[1], 1e-6))
        return tissues


@cache
def _table() -> pd.DataFrame:
    return pd.read_csv(TABLE, index_col="structure")[["volume", "shared", "paired"]]


@lru_cache(maxsize=8)
def _own(names: tuple[str, ...]) -> np.ndarray:
    """Multiple of the SD and shares (3, R + 1) of the table at every label, not finite where it has none."""
    structures = ["", *(RegionName.of(name).structure for name in names)]
    return _table().reindex(structures).to_numpy(float).T


@lru_cache(maxsize=8)
def _partners(names: tuple[str, ...]) -> np.ndarray:
    """For each label, 0 included, the label under which both sides share a draw: the left one's.

    A region whose left side is not there, as in a slab of the right half, shares its draw with none.
    """
    label = {name: number for number, name in enumerate(names, start=1)}
    return np.array([0, *(label.get(_first(name), number) for name, number in label.items())])


def _first(name: str) -> str:
    return str(RegionName.of(name).first)


def aside(rng: np.random.Generator) -> np.random.Generator:
    """A stream far ahead of a generator, so that drawing from it changes none of the generator's own draws."""
    bits: Any = rng.bit_generator
    return np.random.Generator(bits.jumped())
