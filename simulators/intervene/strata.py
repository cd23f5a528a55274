"""Strata of redraws: half of a region's draws with the pathology in it, half without, with the chance of each.

A lesion that may lie anywhere is seldom in a given region, so that a mean over a few plain redraws is luck. Here draws
are taken in their own order, each until both strata are full, so that within a stratum they follow the marginal; its
chance comes from the task's states and the law of places, not from counting draws.
"""

from functools import cache

import numpy as np
import torch

from bench.contracts import Redraws
from simulators.draw.latents import Latents
from simulators.draw.scene import Scene
from simulators.intervene.redraw import disease, images_of_draws
from simulators.parts import Part, Parts, Strengths
from simulators.pathology.nearest import squared_distance

#: draws looked through for those with a rare state
LOOKED = 8192
#: a stratum of a lower chance is none: its states come as seldom as they are, and too few of them to matter
RAREST = 2e-3


def stratified(parts: Parts, scene: Scene, draws: int) -> Redraws:
    """The subject with one region redrawn after the other, in two strata: without and with pathology in the region."""
    zones = [_zones(parts, scene, part) for part in parts.pathologies]
    chance = _chance(parts, scene, zones)
    present = _looked_through(parts, scene, zones, chance, draws)
    chosen = np.stack([_chosen(region, draws) for region in present.T])
    images = images_of_draws(parts, scene, chosen.tolist())
    strata = torch.from_numpy(np.take_along_axis(present.T, chosen, axis=1).astype(np.int64))
    return Redraws(images, strata, torch.from_numpy(np.stack([1 - chance, chance], axis=1)))


def _zones(parts: Parts, scene: Scene, part: Part) -> np.ndarray:
    """Where a part lies in each region: (R, D, H, W) bool for one that roams, else (R,) bool.

    What roams lies in a region if its centre is no farther from it than its usual radius. What is fixed lies in the
    regions it names, or everywhere; but what every subject has, ill or well, parts no draws, and counts as nowhere.
    """
    if part.roaming is None:
        number, cycle = parts.pathologies.index(part), range(parts.labels.cycle)
        certain = all(parts.strengths(donor, scene.stream)[number] for donor in cycle)
        return np.array([not certain and (not part.regions or name in part.regions) for name in parts.names])
    radius = part.roaming.usual_radius_mm / parts.voxel_mm
    labels = scene.warped.labels
    return np.stack([squared_distance(labels == r, radius) <= radius**2 for r in range(1, len(parts.names) + 1)])


def _chance(parts: Parts, scene: Scene, zones: list[np.ndarray]) -> np.ndarray:
    """Exact chance (R,) of pathology in each region, over the states that the task gives its subjects.

    0 or 1 where there is but one stratum.
    """
    shares = [_share(scene, part, zone) for part, zone in zip(parts.pathologies, zones, strict=True)]

    @cache
    def present(strengths: Strengths) -> np.ndarray:
        absent = np.ones(len(parts.names))
        for part, share, strength in zip(parts.pathologies, shares, strengths, strict=True):
            if strength:
                absent *= 1 - (part.roaming.chance(share, strength) if part.roaming else share)
        return 1 - absent

    cycle = parts.labels.cycle
    mean = np.mean([present(parts.strengths(donor, scene.stream)) for donor in range(cycle)], axis=0)
    return np.where(mean < RAREST, 0.0, np.where(mean > 1 - RAREST, 1.0, mean))


def _share(scene: Scene, part: Part, zones: np.ndarray) -> np.ndarray:
    """Share (R,) of the prior of places in each region's zone; 1 or 0 for a part that does not roam."""
    if part.roaming is None:
        return zones.astype(float)
    prior = part.roaming.places(scene.place).astype(float)
    return (zones * prior).sum((1, 2, 3)) / prior.sum()


def _looked_through(parts: Parts, scene: Scene, zones: list[np.ndarray], chance: np.ndarray, draws: int) -> np.ndarray:
    """(M, R) bool: whether the pathology lies in each region, draw by draw, until both strata have enough."""
    wanted = np.where((chance > 0) & (chance < 1), draws // 2, 0)
    rows: list[np.ndarray] = []
    counts = np.zeros((2, len(chance)), int)
    while len(rows) < LOOKED and ((counts < wanted).any() or len(rows) < draws):
        present = _present(parts, zones, *disease(parts, scene, len(rows)))
        rows.append(np.where((chance > 0) & (chance < 1), present, chance == 1))
        counts[rows[-1].astype(int), np.arange(len(chance))] += 1
    return np.stack(rows)


def _chosen(present: np.ndarray, draws: int) -> np.ndarray:
    """The first draws (K,) with the pathology in a region and the first without, half of each if there are as many."""
    with_it, without = np.flatnonzero(present), np.flatnonzero(~present)
    kept = with_it[: draws - len(without[: draws - draws // 2])]
    return np.concatenate([without[: draws - len(kept)], kept])


def _present(parts: Parts, zones: list[np.ndarray], latents: tuple[Latents, ...], strengths: Strengths) -> np.ndarray:
    """(R,) bool: whether the pathology of a draw lies in each region."""
    inside = np.zeros(len(parts.names), bool)
    for part, zone, drawn, strength in zip(parts.pathologies, zones, latents, strengths, strict=True):
        if strength and part.roaming:
            grown = part.growing.grown(drawn, strength) if part.growing else drawn
            x, y, z = np.rint(part.roaming.centres_of(grown)).astype(int).T
            inside |= zone[:, x, y, z].any(1)
        elif strength:
            inside |= zone
    return inside
