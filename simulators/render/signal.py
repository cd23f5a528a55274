"""Signal and image from latents: anatomy displaced, tissue taken, tissues mixed, signal changed, scanned."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.draw.scene import Scene
from simulators.draw.subject import placed, position
from simulators.parts import Parts, Strengths
from simulators.render.planting import Act, Move, Taken, acts, changes, compose, moves, replaced, take
from simulators.space.voxels import Voxels

#: what tissue turns to that an image shows as such
TURNED = ("fluid", "wm")
#: no region has strengths of its own
NOWHERE: Mapping[str, Strengths] = MappingProxyType({})


def image(parts: Parts, scene: Scene, strengths: Strengths) -> np.ndarray:
    """The image (D, H, W) of a subject at strengths of the parts of the pathology."""
    return _image(parts, scene, _planted(parts, scene, strengths, None))


def pictured(parts: Parts, scene: Scene, strengths: Strengths) -> tuple[np.ndarray, Warped]:
    """The image, and the anatomy that it shows: after all displacements, without the tissue that turned to another.

    The tissue beneath a lesion stays: a segmentation could not say what to put there instead.
    """
    planted = _planted(parts, scene, strengths, None)
    turned = [act for act in planted.acts if act.law.becomes in TURNED]
    return _image(parts, scene, planted), _without(planted.anatomy, turned, planted.head) if turned else planted.anatomy


def scanned(parts: Parts, scene: Scene, signal: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The image of a signal (..., D, H, W) in a subject's scan, with noise (2, ..., D, H, W)."""
    return parts.nuisance.scan(signal, scene.scan, noise, scene.place.warped.maps[2], parts.voxel_mm)


def signal(parts: Parts, scene: Scene, strengths: Strengths, moves: Sequence[Move] | None = None) -> np.ndarray:
    """The signal (D, H, W) that a perfect scanner would see of a subject at strengths of the parts of the pathology.

    moves: displacements of its anatomy, if not those at these strengths.
    """
    return _signal(_planted(parts, scene, strengths, moves), scene)


def loss(parts: Parts, scene: Scene, strengths: Strengths) -> np.ndarray:
    """Loss by the pathology in each voxel (D, H, W) float64: share of tissue, or signal (negative where added)."""
    head, taken, signal, planted, anatomy = _planted(parts, scene, strengths, None)
    healthy = scene.place.warped
    if anatomy is not healthy:
        before = _tissues(parts, scene, healthy, head, head.of(healthy.labels))
        lost = head.spread(replaced(before, taken.tissues))
    else:
        lost = head.spread(taken.lost)
    for change in changes(head.spread(signal), planted, healthy):
        lost = lost - change
    return lost


def moving(parts: Parts, scene: Scene, strengths: Strengths, regions: Mapping[str, Strengths] = NOWHERE) -> list[Move]:
    """Displacements of a subject's anatomy at strengths of the parts, which may be others in some regions."""
    return moves(parts, scene, strengths, regions) if parts.moving else []


class _Planted(NamedTuple):
    """Voxels of the head, what was taken of them, the signal (n,) of what is left, and acts that may yet change it.

    anatomy: after displacements, the healthy one itself where there are none.
    """

    head: Voxels
    taken: Taken
    signal: np.ndarray
    acts: list[Act]
    anatomy: Warped


def _planted(parts: Parts, scene: Scene, strengths: Strengths, moves: Sequence[Move] | None) -> _Planted:
    planted, head = acts(parts, scene, strengths), scene.place.head
    moves = moving(parts, scene, strengths) if moves is None else moves
    warped = displaced_anatomy(parts, scene, moves)
    labels = head.of(warped.labels)
    taken = take(_tissues(parts, scene, warped, head, labels), planted, head)
    signal = parts.contrast.mix(taken.tissues, taken.lesion, scene.intensities)
    signal *= (1 + scene.local.signal).take(labels)
    return _Planted(head, taken, signal, planted, warped)


def _image(parts: Parts, scene: Scene, planted: _Planted) -> np.ndarray:
    return scanned(parts, scene, _signal(planted, scene), scene.local.noise)


def _without(anatomy: Warped, acts: Sequence[Act], head: Voxels) -> Warped:
    """An anatomy without the tissue that acts take; labels stay."""
    maps = anatomy.maps.copy()
    maps.reshape(len(maps), -1)[:, head.at] = take(head.of(anatomy.maps), acts, head).tissues
    return Warped(maps, anatomy.labels)


def _signal(planted: _Planted, scene: Scene) -> np.ndarray:
    """The signal (D, H, W) with the changes of the acts."""
    seen = planted.head.spread(planted.signal)
    for change in changes(seen, planted.acts, scene.place.warped):
        seen = seen + change
    return seen


def _tissues(parts: Parts, scene: Scene, warped: Warped, head: Voxels, labels: np.ndarray) -> np.ndarray:
    """Shares (4, n) of an anatomy with a subject's local latents, before any is taken."""
    local = scene.local._replace(folding=head.of(scene.local.folding))
    return parts.local.apply(head.of(warped.maps), labels, local)


def displaced_anatomy(parts: Parts, scene: Scene, moves: Sequence[Move]) -> Warped:
    """The subject's anatomy after displacements, still one interpolation of the template.

    Each acts on what the ones before it left, so that together they stay invertible, which a sum of them need not.
    Where nothing moves, anatomy is what it was.
    """
    place = scene.place
    where_from = position(parts, scene) if moves else np.empty(0)
    for law, amount, latents in moves:
        moved = law.displacement(amount, place, latents)
        where = Voxels.where((moved != 0).any(-1))
        there = compose(where_from, moved, where, parts.voxel_mm)
        warped = _with(place.warped, parts.anatomy.resample(there[:, None, None], scene.shape), where)
        place = placed(parts, warped)
        where_from = where_from.copy()
        where_from.reshape(-1, 3)[where.at] = there
    return place.warped


def _with(warped: Warped, inner: Warped, where: Voxels) -> Warped:
    """An anatomy with some of its voxels as they were found elsewhere."""
    maps, labels = warped.maps.copy(), warped.labels.copy()
    for old, new in zip((*maps, labels), (*inner.maps, inner.labels), strict=True):
        old.ravel()[where.at] = new.ravel()
    return Warped(maps, labels)
