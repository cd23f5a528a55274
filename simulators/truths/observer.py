"""Observer: what each region contributes to the best reading of the label from all regions together.

Regions are the players of a game whose value is the separation that a Gaussian observer of their statistics reaches; a
region's share is its Shapley value. A suppressor, a region without pathology that shares noise with a diseased one,
has a share: with it the noise can be subtracted.
Source: Shapley 1953; Haufe et al. 2014, NeuroImage 87:96, for suppressors.
"""

import numpy as np

from bench.contracts import impossible

#: subjects that the observer sees for each of `explain.pairs`, and the fewest for each region
SUBJECTS, FEWEST = 10, 3
#: orders of the regions that the Shapley value is averaged over, half of them the other half reversed
ORDERS = 400
#: added to a correlation matrix, for regions without any voxel
RIDGE = 1e-9


def subjects_seen(pairs: int, regions: int) -> int:
    """Number of subjects that the observer sees.

    Raises:
        BadInput: where these are fewer than 3 a region, too few to tell how regions vary together.
    """
    if SUBJECTS * pairs < FEWEST * regions:
        least = f"at least {-(-FEWEST * regions // SUBJECTS)} for the truth observer of {regions} regions"
        raise impossible("explain", "pairs", pairs, least)
    return SUBJECTS * pairs


def telling(well: np.ndarray, sick: np.ndarray, products: bool) -> int:
    """The statistic by which all regions tell most: one number a region is what n can fit.

    well, sick: (n, R, F) statistics of the same subjects as controls and as patients. products: whether the label is
    told by how regions go together (`quadratic_shares`), and not by their means.
    """
    total = divergence if products else separation
    return int(np.argmax([total(well[..., f], sick[..., f]) for f in range(well.shape[-1])]))


def separation(well: np.ndarray, sick: np.ndarray) -> float:
    """d'^2 of the linear discriminant of all regions of well, sick (n, R), unbiased as in `shares`."""
    difference, within = _moments(well, sick)
    regions = len(difference)
    whitened = np.linalg.solve(np.linalg.cholesky(within + RIDGE * np.eye(regions)), difference)
    return float((1 - (regions + 1) / (len(well) - 1)) * (whitened**2).sum())


def divergence(well: np.ndarray, sick: np.ndarray) -> float:
    """The separation of the quadratic discriminant of all regions of well, sick (n, R), as in `quadratic_shares`."""
    return _divergence(*_laws(well, sick), np.arange(well.shape[1]))


def shares(well: np.ndarray, sick: np.ndarray, seed: int = 0, orders: int = ORDERS) -> np.ndarray:
    """(R,) shares of the squared separation d'^2 of a linear discriminant of all regions; they sum to it.

    well, sick: (n, R) one statistic of the same subjects as controls and as patients, so that the mean difference of a
    region that is never changed is exactly zero and that of others nearly free of noise. Unbiased: an inverse
    covariance of k regions from n subjects is too large by (n - 1) / (n - k - 2) (Anderson 2003, An Introduction to
    Multivariate Statistical Analysis, section 7.7), which every coalition is corrected by. The relative SD of the sum
    is sqrt(2 / (n - R)): 3 % for 64 regions of 2,000 subjects, 12 % of 200.
    """
    return _shapley(*_moments(well, sick), len(well) - 1, seed, orders)


def quadratic_shares(well: np.ndarray, sick: np.ndarray, seed: int = 0, orders: int = ORDERS // 8) -> np.ndarray:
    """(R,) shares of the separation of a quadratic discriminant, for labels that no single region tells (XOR).

    The value of a coalition is the symmetric divergence of two Gaussians, of means and covariances of its regions'
    statistics: tr(A^-1 B + B^-1 A) / 2 - k + d'(A^-1 + B^-1)d / 2 (Jeffreys 1946). well, sick: (n, R), whose
    common noise cancels where nothing differs. Biased upwards, as inverses of estimated covariances are: by how much is
    measured in tests/benchmarks/simulator_limits.py.
    """
    means, laws = _laws(well, sick)
    rng, regions = np.random.default_rng(seed), well.shape[1]
    total = np.zeros(regions)
    for _ in range(orders // 2):
        order = rng.permutation(regions)
        for chosen in (order, order[::-1]):
            values = [_divergence(means, laws, chosen[:k]) for k in range(regions + 1)]
            total[chosen] += np.diff(values)
    return total / (2 * (orders // 2))


def _divergence(means: tuple[np.ndarray, ...], laws: tuple[np.ndarray, ...], index: np.ndarray) -> float:
    if not len(index):
        return 0.0
    first, second = (law[np.ix_(index, index)] + RIDGE * np.eye(len(index)) for law in laws)
    difference = (means[1] - means[0])[index]
    inverse = [np.linalg.inv(law) for law in (first, second)]
    traces = (inverse[0] * second).sum() + (inverse[1] * first).sum()
    return float(traces / 2 - len(index) + difference @ (inverse[0] + inverse[1]) @ difference / 2)


def _laws(well: np.ndarray, sick: np.ndarray) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """Means (R,) and covariances (R, R) of the two groups, in SDs within both."""
    scale = _spread(well, sick) + 1e-12
    means, laws = zip(*((group.mean(0) / scale, np.cov((group / scale).T)) for group in (well, sick)), strict=True)
    return means, laws


def _spread(well: np.ndarray, sick: np.ndarray) -> np.ndarray:
    """SD within both groups of every statistic."""
    return np.sqrt((well.var(0) + sick.var(0)) / 2)


def _moments(well: np.ndarray, sick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean difference (R,) in SDs and correlation matrix (R, R) within both groups."""
    within = (np.cov(well.T) + np.cov(sick.T)) / 2
    scale = np.sqrt(np.diag(within)) + 1e-12
    return (sick - well).mean(0) / scale, within / np.outer(scale, scale)


def _shapley(difference: np.ndarray, within: np.ndarray, freedom: float, seed: int, orders: int) -> np.ndarray:
    """(R,) shares of d'^2, whose covariance has so many degrees of freedom, infinitely many if it is known.

    Values of a coalition need no fit of their own: with regions in some order, d'^2 of the first k is the sum of k
    squares of the whitened mean difference, one Cholesky factor an order.
    """
    rng, regions = np.random.default_rng(seed), len(difference)
    within = within + RIDGE * np.eye(regions)
    unbiased = 1 - np.arange(2, regions + 2) / freedom
    total = np.zeros(regions)
    for _ in range(orders // 2):
        order = rng.permutation(regions)
        for chosen in (order, order[::-1]):
            whitened = np.linalg.solve(np.linalg.cholesky(within[np.ix_(chosen, chosen)]), difference[chosen])
            total[chosen] += np.diff(unbiased * np.cumsum(whitened**2), prepend=0)
    return total / (2 * (orders // 2))
