"""Observer: what each region contributes to the best reading of the label from all regions together.

Regions are the players of a game whose value is the separation that a Gaussian observer of their statistics reaches; a
region's share is its Shapley value. A suppressor, a region without pathology that shares noise with a diseased one,
has a share: with it the noise can be subtracted.
Source: Shapley 1953; Haufe et al. 2014, NeuroImage 87:96, for suppressors.
"""

import numpy as np

#: orders of the regions that the Shapley value is averaged over, half of them the other half reversed
ORDERS = 400
RIDGE = 1e-6


def shares(well: np.ndarray, sick: np.ndarray, seed: int = 0, orders: int = ORDERS) -> np.ndarray:
    """(R,) shares of the squared separation d'^2 of a linear discriminant on all regions' statistics; they sum to it.

    well, sick: (n, R, F) statistics of the same subjects without and with the pathology, so that the mean difference
    of a region that is never changed is exactly zero. Values of a coalition need no fit of their own: with regions in
    some order, the increments of d'^2 are squares of the whitened mean difference, one Cholesky factor an order.
    """
    difference, within = _moments(well, sick)
    return _shapley(difference, within, well.shape[2], seed, orders)


def quadratic_shares(well: np.ndarray, sick: np.ndarray, seed: int = 0, orders: int = ORDERS // 8) -> np.ndarray:
    """(R,) shares of the separation of a quadratic discriminant, for labels that no single region tells (XOR).

    The value of a coalition is the symmetric divergence of two Gaussians, of means and covariances of its regions'
    statistics: tr(A^-1 B + B^-1 A) / 2 - k + d'(A^-1 + B^-1)d / 2 (Jeffreys 1946). well, sick: (n, R, F).
    """
    flat = [group.reshape(len(group), -1) for group in (well, sick)]
    scale = np.sqrt(sum(group.var(0) for group in flat) / 2) + 1e-12
    means, laws = zip(*((g.mean(0) / scale, np.cov((g / scale).T)) for g in flat), strict=True)
    block, rng = well.shape[2], np.random.default_rng(seed)
    regions, total = well.shape[1], np.zeros(well.shape[1])
    for _ in range(orders // 2):
        order = rng.permutation(regions)
        for chosen in (order, order[::-1]):
            index = (chosen[:, None] * block + np.arange(block)).ravel()
            values = [_divergence(means, laws, index[: block * k]) for k in range(regions + 1)]
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


def _moments(well: np.ndarray, sick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flat = [group.reshape(len(group), -1) for group in (well, sick)]
    difference = (flat[1] - flat[0]).mean(0)
    within = sum(np.cov(group.T) for group in flat) / 2
    scale = np.sqrt(np.diag(within)) + 1e-12
    return difference / scale, within / np.outer(scale, scale)


def _shapley(difference: np.ndarray, within: np.ndarray, block: int, seed: int, orders: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    regions = len(difference) // block
    within = within + RIDGE * np.eye(len(difference))
    total = np.zeros(regions)
    for _ in range(orders // 2):
        order = rng.permutation(regions)
        for chosen in (order, order[::-1]):
            index = (chosen[:, None] * block + np.arange(block)).ravel()
            whitened = np.linalg.solve(np.linalg.cholesky(within[np.ix_(index, index)]), difference[index])
            total[chosen] += (whitened**2).reshape(regions, block).sum(1)
    return total / (2 * (orders // 2))
