"""Reference observer of a pathology in one of several places: each place is read as if it alone might be ill."""

from collections.abc import Mapping

import numpy as np
from scipy.special import logsumexp

from simulators.anatomy.protocol import Warped
from simulators.observe.observers import Known, Observer

#: healthy subjects by whom it is known how the statistics of places go together
HEALTHY = 300
#: the ridge of that regression, as a share of the mean variance of a statistic
RIDGE = 0.1
#: a shape that tells nothing, for statistics that are to be those of the place alone
NO_SHAPE: Mapping[str, np.ndarray] = {"scale": np.zeros(3), "ventricles": np.zeros(2)}


class OneOfPlaces:
    """For one of several places: the statistics of every place, and the readings of the most deviant of them.

    What the other places tell of a place's statistics is taken out by ridge regression over healthy subjects, and what
    is left is divided by its spread there. Over places, each statistic is read by its highest and lowest value and by
    the log-sum-exp of either sign, which is how the log-likelihood ratio of one ill place among equally likely ones
    would be read if that statistic alone told of it.
    """

    def __init__(self, known: Known) -> None:
        self.observers: list[Observer] = [
            part.observer.of(known._replace(pathology=part, by_side=True)) for part in known.pathology.dialled
        ]
        seen = np.stack([self._places(image, warped) for image, warped in known.healthy(HEALTHY)])
        self.mean, self.scale = seen.mean(0), seen.std(0) + 1e-12
        self.weights = [_weights((seen - self.mean) / self.scale, place) for place in range(seen.shape[1])]
        left = self._left(seen)
        # what all places share is told by the others to rounding, and nothing of it is left
        self.spread = np.where(left.std(0) > 1e-3, left.std(0), np.inf)

    @classmethod
    def of(cls, known: Known) -> "OneOfPlaces":
        """The observer of a pathology whose parts are the places."""
        return cls(known)

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): one place's statistics after the other's, the readings over places, shape latents."""
        statistics = self._places(image, warped)
        deviant = (self._left(statistics[None]) / self.spread)[0]
        readings = [deviant.max(0), deviant.min(0), logsumexp(2 * deviant, axis=0), logsumexp(-2 * deviant, axis=0)]
        return np.concatenate([statistics.ravel(), *readings, shape["scale"], shape["ventricles"]])

    def _places(self, image: np.ndarray, warped: Warped) -> np.ndarray:
        """(K, F) statistics of each place."""
        return np.stack([observer.features(image, warped, NO_SHAPE) for observer in self.observers])

    def _left(self, seen: np.ndarray) -> np.ndarray:
        """(n, K, F) statistics less what those of the other places tell of them, in SDs of the statistic."""
        z = (seen - self.mean) / self.scale
        expected = [np.delete(z, place, 1).reshape(len(z), -1) @ weights for place, weights in enumerate(self.weights)]
        return z - np.stack(expected, axis=1)


def _weights(z: np.ndarray, place: int) -> np.ndarray:
    """Weights ((K - 1) F, F) by which the statistics (n, K, F) of a place are told from those of the others."""
    others = np.delete(z, place, 1).reshape(len(z), -1)
    gram = others.T @ others / len(z)
    return np.linalg.solve(gram + RIDGE * np.eye(len(gram)), others.T @ z[:, place] / len(z))
