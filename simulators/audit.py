"""Audits: a search for what global statistics give away that only the pathology should."""

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import torch

from bench.contracts import Audit, Simulator, impossible
from bench.passes.discrimination import AUC, auc

#: subjects rendered at a time
CHUNK = 50


def audit(
    simulator: Simulator, count: int = 1000, stream: str = "test", healthy: bool = False, further: bool = False
) -> dict[str, Audit]:
    """Audits of the explained sides, named "", or of every other two classes by name ("0-2").

    healthy: with the pathology off. Patients' twins without the disease against controls are the test of an honest
    simulator, which leaves nothing but the pathology to find; patients against controls are what can be had without
    looking anywhere in particular, the `trivial` observer. count: subjects a class; below about 800 the interval of a
    null is wider than the tolerance, and nothing passes.

    Raises:
        BadInput: for fewer than 20 subjects a class.
    """
    features, targets = _look(simulator, count, stream, {"pathology": "off"} if healthy else {})
    sides = simulator.sides(torch.from_numpy(targets)).numpy()
    if not further:
        return {"": _audit(features[sides >= 0], sides[sides >= 0])}
    explained, audits = {int(target) for target in np.unique(targets[sides >= 0])}, {}
    for pair in combinations(range(simulator.outputs), 2):
        if set(pair) != explained:
            some = np.isin(targets, pair)
            audits["{}-{}".format(*pair)] = _audit(features[some], (targets[some] == pair[1]).astype(int))
    return audits


def statistics(image: np.ndarray) -> np.ndarray:
    """(F,) global statistics of an image (D, H, W) whose outside is 0.

    Size and box of the head; sum, moments and histogram of its intensities; size, box, sum and peak of its brightest
    and darkest parts; noise and sharpness (energy of first and second differences).
    """
    head = image != 0
    values = image[head].astype(np.float64)
    mean, spread = values.mean(), values.std() + 1e-12
    z = (values - mean) / spread
    shares = np.histogram(values, bins=16, range=(0, 1.5))[0] / values.size
    steps = [np.diff(image.astype(np.float64), n, axis=a) for n in (1, 2) for a in range(3)]
    tails = [_part(image - mean, head & (sign * (image - mean) > 2 * spread)) for sign in (-1, 1)]
    moments = (values.sum(), mean, spread, (z**3).mean(), (z**4).mean(), values.max(), values.min())
    return np.array([*_box(head), *moments, *shares, *np.concatenate(tails), *((s**2).mean() for s in steps)])


def _part(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    inside = values[where]
    return np.array([*_box(where), inside.sum(), np.abs(inside).max(initial=0)])


def _box(where: np.ndarray) -> list[float]:
    """Number of voxels and extent along each axis."""
    spans = [np.flatnonzero(where.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    return [float(where.sum()), *(float(span[-1] - span[0] + 1) if span.size else 0.0 for span in spans)]


def _look(simulator: Simulator, count: int, stream: str, do: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Statistics (n, F) and targets (n,) of `count` subjects a class."""
    if count < 20:
        raise impossible("audit", "count", count, "20 or more subjects per class")
    features, targets = [], []
    # subjects belong to all classes in turn
    total = count * max(2, simulator.outputs)
    for start in range(0, total, CHUNK):
        batch = simulator.sample(range(start, min(start + CHUNK, total)), stream, do)
        features += [statistics(image) for image in batch.images[:, 0].numpy()]
        targets.append(batch.targets.numpy())
    return np.stack(features), np.concatenate(targets)


def _audit(features: np.ndarray, labels: np.ndarray) -> Audit:
    return Audit(*cross_validated(features, labels), int(np.bincount(labels).min()))


def cross_validated(features: np.ndarray, labels: np.ndarray, folds: int = 5) -> AUC:
    """AUC of gradient boosting on subjects it was not fitted on.

    Scores are compared across folds as they are; every fold holds both classes in equal numbers, or the share of
    patients that a fit has seen would be told by the others' scores.
    """
    # scikit-learn takes a second to import and comes with nilearn
    from sklearn.ensemble import HistGradientBoostingClassifier

    scores = np.zeros(len(labels))
    for test in _folds(labels, folds):
        train = np.setdiff1d(np.arange(len(labels)), test)
        model = HistGradientBoostingClassifier(max_iter=60, learning_rate=0.06, max_leaf_nodes=8, random_state=0)
        scores[test] = model.fit(features[train], labels[train]).predict_proba(features[test])[:, 1]
    return auc(scores, labels)


def _folds(labels: np.ndarray, folds: int) -> Iterable[np.ndarray]:
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return [np.sort(np.concatenate([group[k::folds] for group in groups])) for k in range(folds)]
