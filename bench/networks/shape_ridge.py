"""Ridge regression on shape features: the transparent model of regions, fitted in closed form."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Batch, Finite, Positive, bounded
from bench.networks._shape import Examples, ShapeFeatures, examples

#: penalties tried, in units of the features' squared singular values: features are standardised
PENALTIES = tuple(10.0**exponent for exponent in range(-2, 6))


@bounded
class ShapeRidge(nn.Module):
    """Outputs are linear in standardised shape features; the penalty with the least validation error is taken.

    Classes are fitted as zeros and ones, so that an output grows with a class's evidence but is no log-odds; with two
    classes the direction is the penalised linear discriminant.

    in_shape: (D, H, W). outputs: K. regions: (D, H, W) labels, 0 outside. threshold, softness: see `ShapeFeatures`.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Hoerl & Kennard 1970, Technometrics 12:55, on regional volumes and intensities"
    summary: ClassVar[str] = "Ridge on tissue share and mean intensity of each region, in closed form."
    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        regions: Tensor | None = None,
        threshold: Finite = 0.37,
        softness: Positive = 0.1,
    ) -> None:
        super().__init__()
        self.features = ShapeFeatures("shape_ridge", in_shape, regions, threshold, softness)
        self.register_buffer("centre", torch.zeros(self.features.count))
        self.register_buffer("scale", torch.ones(self.features.count))
        self.readout = nn.Linear(self.features.count, outputs)

    def reset_parameters(self) -> None:
        """Features as they are read; the readout is a layer of its own."""
        self.centre.zero_()
        self.scale.fill_(1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self._standardised(x))

    def fit(self, train: Batch, validation: Batch, generator: torch.Generator) -> None:
        """Features are standardised by the training subjects, and weights follow in closed form.

        Raises:
            BadInput: for a class without a training subject.
        """
        seen, unseen = examples("shape_ridge", self.features, train, validation, self.readout.out_features)
        centre, scale = seen.features.mean(0), seen.features.std(0).clamp(min=1e-6)
        weight, bias = ridge(*(Examples((e.features - centre) / scale, e.targets) for e in (seen, unseen)))
        with torch.no_grad():
            parameters = (self.centre, self.scale, self.readout.weight, self.readout.bias)
            for parameter, value in zip(parameters, (centre, scale, weight, bias), strict=True):
                parameter.copy_(value)

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`contribution`: (N, K, D, H, W), a region's share of the outputs above their training mean, even over it."""
        return {"contribution": self.features.map_of(self.readout.weight * self._standardised(x)[:, None])}

    def _standardised(self, x: Tensor) -> Tensor:
        return (self.features(x) - self.centre) / self.scale


def ridge(train: Examples, validation: Examples) -> tuple[Tensor, Tensor]:
    """Weights (K, F) and bias (K,) that minimise |y - Z w - b|^2 + p |w|^2, p chosen by the validation error.

    Features are centred on the training examples, so that the bias is the training mean of the targets.
    """
    bias = train.targets.mean(0)
    left, sizes, right = torch.linalg.svd(train.features, full_matrices=False)
    turned = left.T @ (train.targets - bias)

    def weights(penalty: float) -> Tensor:
        return (turned * (sizes / (sizes.square() + penalty))[:, None]).T @ right

    def error(penalty: float) -> float:
        return (validation.features @ weights(penalty).T + bias - validation.targets).square().mean().item()

    return weights(min(PENALTIES, key=error)), bias
