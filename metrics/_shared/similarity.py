"""Similarity of two maps inside a mask: Spearman correlation and structural similarity."""

from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.ndimage import uniform_filter
from torch import Tensor


class Measure(NamedTuple):
    """A similarity in two steps, so that a map is prepared once and compared often.

    prepare(map (D, H, W), mask (D, H, W)) -> state; compare(state, state) -> similarity, NaN where a map is dead.
    """

    prepare: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, ...]]
    compare: Callable[[tuple[np.ndarray, ...], tuple[np.ndarray, ...]], float]


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 of values (n,), tied values sharing their mean rank."""
    order = np.argsort(values)
    ranked = values[order]
    first = np.append(True, ranked[1:] != ranked[:-1])
    ends = np.append(np.flatnonzero(first), values.size)
    result = np.empty(values.size)
    result[order] = ((ends[:-1] + ends[1:] + 1) / 2)[np.cumsum(first) - 1]
    return result


def rank_vector(values: np.ndarray) -> np.ndarray:
    """Centred ranks of unit length, so that a dot product is a Spearman correlation.

    NaN where the values are all equal, absent or not finite: such a vector has no order to correlate.
    """
    if values.size == 0 or not np.isfinite(values).all() or values.min() == values.max():
        return np.full(values.shape, np.nan)
    centred = mean_ranks(values) - (values.size + 1) / 2
    return centred / np.linalg.norm(centred)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman correlation with mean ranks for ties; NaN if either is constant."""
    return float(rank_vector(a) @ rank_vector(b))


def rank_agreement(prediction: np.ndarray, observed: np.ndarray) -> float:
    """Spearman correlation of a prediction with what was observed.

    A constant prediction scores 0, its expectation under a random order of ties; constant or non-finite observations,
    or a prediction that is not finite, give NaN.
    """
    if np.isfinite(prediction).all() and prediction.min() == prediction.max():
        return float(rank_vector(observed).sum() * 0)
    return rank_correlation(prediction, observed)


def ssim(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...], window: int = 5) -> float:
    """Mean 3D structural similarity of two prepared maps (Wang et al., IEEE TIP 2004, eq. 13).

    Uniform window of 5 voxels per side within the mask, range 1 in units of the map's RMS, K1 = 0.01, K2 = 0.03.
    """
    (x, mask), (y, _) = a, b
    if not np.isfinite(x).all() or not np.isfinite(y).all() or not mask.any():
        return float("nan")
    share = np.maximum(uniform_filter(mask.astype(np.float64), window, mode="constant"), 1e-12)
    mx, my, xx, yy, xy = (
        uniform_filter(v, window, mode="constant")[mask] / share[mask] for v in (x, y, x * x, y * y, x * y)
    )
    luminance = (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)
    structure = (2 * (xy - mx * my) + 0.03**2) / (xx - mx**2 + yy - my**2 + 0.03**2)
    return float((luminance * structure).mean())


def rms_scaled(volume: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, ...]:
    """The map over its root mean square in the mask, 0 outside; NaN where the map is constant there (dead)."""
    values = volume[mask].astype(np.float64)
    alive = values.size and np.isfinite(values).all() and values.min() < values.max()
    scale = np.sqrt(np.mean(values**2)) if alive else np.nan
    return np.where(mask, np.where(mask, volume, 0) / scale, 0.0 if alive else np.nan), mask


SPEARMAN = Measure(lambda v, mask: (rank_vector(np.abs(v[mask])),), lambda a, b: float(a[0] @ b[0]))
SPEARMAN_SIGNED = Measure(lambda v, mask: (rank_vector(v[mask]),), lambda a, b: float(a[0] @ b[0]))
SSIM = Measure(lambda v, mask: rms_scaled(np.abs(v), mask), ssim)
MEASURES = {"spearman": SPEARMAN, "spearman_signed": SPEARMAN_SIGNED, "ssim": SSIM}


def prepared(measure: Measure, maps: Tensor, domain: Tensor) -> list[tuple[np.ndarray, ...]]:
    """Each of the maps (N, 1, D, H, W) prepared inside its own domain."""
    volumes, masks = maps.detach().cpu().numpy()[:, 0], domain.cpu().numpy()[:, 0]
    return [measure.prepare(volume, mask) for volume, mask in zip(volumes, masks, strict=True)]


def between_subjects(measure: Measure, maps: Tensor, domain: Tensor) -> np.ndarray:
    """(N,) mean similarity of each subject's map to those of the others, in the voxels all domains share.

    The floor of Arun et al., Radiology: AI 2021: maps that differ by more than a change of subject have changed.
    NaN with one subject; pairs with a dead map are left out.
    """
    states = prepared(measure, maps, domain.all(dim=0, keepdim=True).expand_as(domain))
    table = np.full((len(states), len(states)), np.nan)
    for i, j in combinations(range(len(states)), 2):
        table[i, j] = table[j, i] = measure.compare(states[i], states[j])
    return nanmean(table)


def nanmean(table: np.ndarray) -> np.ndarray:
    """Mean over the last axis of the values that exist; NaN, without a warning, where none does."""
    present = np.isfinite(table)
    total = np.where(present, table, 0.0).sum(axis=-1)
    return np.where(present.any(axis=-1), total / np.maximum(present.sum(axis=-1), 1), np.nan)
