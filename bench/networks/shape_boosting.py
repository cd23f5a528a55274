"""Gradient-boosted trees on shape features: regions judged one threshold at a time, without a gradient."""

from typing import Annotated, ClassVar

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from bench.contracts import Batch, Between, Finite, Positive, Share, bounded
from bench.networks._shape import Examples, ShapeFeatures, examples
from bench.networks._trees import Trees, grown


@bounded
class ShapeBoosting(nn.Module):
    """Outputs are sums of small trees over shape features, fitted by scikit-learn and kept as tensors.

    Boosting stops at the number of trees with the least validation loss. Of two classes the log-odds is shared out as
    (-z / 2, z / 2). Comparisons have no gradient, so methods that want one refuse. Before `fit` every output is 0.

    in_shape: (D, H, W). outputs: K. regions: (D, H, W) labels, 0 outside. trees: the most to be grown. leaves: of a
    tree. rate: share of each tree that is added. threshold, softness: see `ShapeFeatures`.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Friedman 2001, Annals of Statistics 29:1189; histograms of Ke et al. 2017, NeurIPS"
    summary: ClassVar[str] = "Boosted trees on tissue share and mean intensity of each region, kept as tensors."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        regions: Tensor | None = None,
        trees: Annotated[int, Between(1, 10_000)] = 200,
        leaves: Annotated[int, Between(2, 1000)] = 4,
        rate: Share = 0.1,
        threshold: Finite = 0.37,
        softness: Positive = 0.1,
    ) -> None:
        super().__init__()
        self.rate, self.leaves = rate, leaves
        self.features = ShapeFeatures("shape_boosting", in_shape, regions, threshold, softness)
        self.trees = Trees(trees, outputs, leaves)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.trees(self.features(x)).to(x)

    def fit(self, train: Batch, validation: Batch, generator: torch.Generator) -> None:
        """Grow trees on the training subjects and keep as many as suit the validation subjects best.

        Raises:
            BadInput: for a class without a training subject.
        """
        seen, unseen = examples("shape_boosting", self.features, train, validation, self.trees.outputs)
        settings = {"max_iter": self.trees.count, "max_leaf_nodes": self.leaves, "learning_rate": self.rate}
        regression = train.targets.is_floating_point()
        make = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        model = make(**settings, early_stopping=False, random_state=_seed(generator))
        wanted = seen.targets[:, 0] if regression else seen.targets.argmax(1)
        # sums of several threads differ in their last bits
        with threadpool_limits(1, user_api="openmp"):
            model.fit(seen.features.numpy(), wanted.numpy())
        self.trees.plant(*grown(model, self.trees.outputs))
        self.trees.cut(self._best(unseen, regression))

    def _best(self, unseen: Examples, regression: bool) -> int:
        """The number of trees with the least validation loss."""
        along = self.trees.along(unseen.features)
        loss = mse_loss if regression else cross_entropy
        return int(np.argmin([loss(outputs, unseen.targets).item() for outputs in along]))

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`contribution`: (N, K, D, H, W), a region's share of the outputs above their training mean, even over it."""
        shares = self.trees.contributions(self.features(x), self.features.count)
        return {"contribution": self.features.map_of(shares.to(x))}


def _seed(generator: torch.Generator) -> int:
    return int(torch.randint(2**31 - 1, (1,), generator=generator))
