"""Regions that change volume and move what lies around them, while the skull stays where it is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from bench.contracts import BadInput, Between
from simulators.pathology.flow import balanced_sources, velocity
from simulators.pathology.nearest import bounding_box, squared_distance
from simulators.pathology.protocol import Displaced
from simulators.pathology.regional import RegionalPathology
from simulators.pathology.warping import Sized, displaced, sized, volume
from simulators.space.place import Place

#: shares of the reach: the outer part over which motion fades, and the distance over which room becomes e times rarer
FADE, ROOM = 0.6, 0.5
#: depth under the brain's surface, in voxels, below which tissue moves freely
FREE_DEPTH = 2.0
#: logarithm of the change of volume after which the flow is drawn anew; multiples are exact in binary
STAGE = 0.375
Box = tuple[slice, slice, slice]


class Near(NamedTuple):
    """A place cut to what may move: the box, and in it shares of regions, tissue and fluid, and mm from the regions.

    inside: voxels (bool) of the brain within reach. free: (D, H, W) from 0 where nothing moves to 1.
    """

    box: Box
    chosen: np.ndarray
    tissue: np.ndarray
    fluid: np.ndarray
    away_mm: np.ndarray
    inside: np.ndarray
    free: np.ndarray

    def seen(self, moved: np.ndarray) -> "Near":
        """The same surroundings with anatomy displaced (D, H, W, 3), in voxels."""
        chosen, tissue, fluid = (displaced(share, moved) for share in (self.chosen, self.tissue, self.fluid))
        return self._replace(chosen=chosen, tissue=tissue, fluid=fluid)


class VolumeStep(NamedTuple):
    """A step on the way to a volume: what was done, and where content comes from (D, H, W, 3) as it grows further.

    content: (D, H, W) what grows, before anything moved, and its volume then.
    """

    near: Near
    done: Sized
    way: np.ndarray
    content: np.ndarray
    still: float


@dataclass(frozen=True)
class Resizing(RegionalPathology, ABC):
    """Regions whose content grows or shrinks, at the expense or for the gain of what lies near.

    reach_mm: how far around the regions anatomy moves; most room is made nearby.
    """

    reach_mm: Annotated[float, Between(8, 60, unit="mm")] = 12.0

    @abstractmethod
    def factor(self, amount: float) -> float:
        """Factor on the content's volume."""

    @abstractmethod
    def content(self, near: Near) -> np.ndarray:
        """Share (D, H, W) of each voxel that grows or shrinks."""

    @abstractmethod
    def room(self, near: Near) -> np.ndarray:
        """Share (D, H, W) of each voxel that makes room."""

    def displacement(self, amount: float, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Displacement (D, H, W, 3) in mm at which the regions' content has the volume that is asked for."""
        regions, change = self._sized_regions(latents), self._change(amount, latents)
        if not regions:
            return np.zeros((*place.warped.labels.shape, 3), np.float32)
        return place.once((self, regions, change), lambda: _displacement(self, place, regions, change))

    def confined(self, latents: Mapping[str, Any], regions: tuple[str, ...]) -> dict[str, Any]:
        """The latents of the subject in whom only these regions grow or shrink, each by as much as all would."""
        return {**latents, "confined": tuple(name for name in regions if name in self._sized_regions(latents))}

    def turn(self, before: Displaced, after: Displaced, region: str) -> dict[str, Any] | None:
        """The latents by which a region resized as `before` is resized as `after`, on the anatomy as it lies."""
        first, last = (
            sum(self._change(*state) for state in states if region in self._sized_regions(state[1]))
            for states in (before, after)
        )
        return {"side": "both", "confined": (region,), "change": last - first} if last != first else None

    def _sized_regions(self, latents: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(r for r in self.acting(latents) if r in latents.get("confined", self.regions))

    def _change(self, amount: float, latents: Mapping[str, Any]) -> float:
        """Logarithm of the factor on the content's volume: its own, or that of an amount."""
        return float(latents["change"] if "change" in latents else np.log(self.factor(float(amount))))


def _displacement(part: Resizing, place: Place, regions: tuple[str, ...], change: float) -> np.ndarray:
    moved = _sized(part, place, regions, change).moved
    field = np.zeros((*place.warped.labels.shape, 3), np.float32)
    field[_stage(part, place, regions, 0).near.box] = moved * place.voxel_mm
    field.setflags(write=False)
    return field


def _sized(part: Resizing, place: Place, regions: tuple[str, ...], change: float) -> Sized:
    """The displacement by which the content's volume changes by a factor of exp(change)."""
    number = int(np.sign(change)) * max(0, int(np.ceil(abs(change) / STAGE)) - 1)
    last = _stage(part, place, regions, number)
    return sized(last.way, last.content, last.still, float(np.exp(change)), last.done)


def _stage(part: Resizing, place: Place, regions: tuple[str, ...], number: int) -> VolumeStep:
    """The step after `number` stages of growth, or of loss where negative."""
    return place.once((part, regions, VolumeStep, number), lambda: _fresh_stage(part, place, regions, number))


def _fresh_stage(part: Resizing, place: Place, regions: tuple[str, ...], number: int) -> VolumeStep:
    if number == 0:
        near = _near(place, regions, part.reach_mm)
        done = Sized(np.zeros((*near.inside.shape, 3), np.float32), 0.0)
        content = near.chosen * part.content(near)
        still = volume(content, done.moved)
    else:
        done = _sized(part, place, regions, number * STAGE)
        first = _stage(part, place, regions, 0)
        near, content, still = first.near.seen(done.moved), first.content, first.still
    soft = gaussian_filter(near.chosen, part.edge_mm / place.voxel_mm / 2, truncate=3.0)
    room = part.room(near) * np.exp(-near.away_mm / (ROOM * part.reach_mm))
    # a part of the brain that is cut off and holds no room makes some everywhere
    source = balanced_sources(soft * part.content(near), room + 1e-6, near.inside)
    way = np.float32(-1) * near.free[..., None] * velocity(source, near.inside)
    return VolumeStep(near, done, way, content, still)


def _near(place: Place, regions: tuple[str, ...], reach_mm: float) -> Near:
    chosen, brain = place.within(regions), place.warped.maps[2] > 0.5
    if not (chosen & brain).any():
        raise BadInput(f"{regions[0]!r} has no voxel in a subject; use a finer anatomy.resolution_mm")
    away = place.voxel_mm * _distance(chosen, reach_mm / place.voxel_mm)
    # one voxel more on every side, so that nothing moves at the box's faces
    box = bounding_box(brain & (away < reach_mm), 1)
    depth = _distance(~brain, FREE_DEPTH)[box]
    # maps are known inside the brain only
    gm, wm, total = np.where(brain, place.warped.maps[:3], 0)[:, *box]
    away, brain, chosen = away[box], brain[box], chosen[box].astype(np.float32)
    inside = brain & (away < reach_mm)
    free = _rise((depth - 0.5) / (FREE_DEPTH - 0.5)) * _rise((reach_mm - away) / (FADE * reach_mm)) * inside
    return Near(box, chosen, gm + wm, total - gm - wm, away, inside, free.astype(np.float32))


def _distance(places: np.ndarray, most: float) -> np.ndarray:
    """Voxels (D, H, W) to the nearest of some places, more than `most` where it is farther."""
    return np.sqrt(squared_distance(places, most), dtype=np.float64)


def _rise(x: np.ndarray) -> np.ndarray:
    """From 0 to 1 with flat ends."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
