"""Objectives of training, with the verdict on its outcome: classes by cross-entropy, values by squared error."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from bench.contracts import BadInput, Batch
from bench.passes.correlation import correlation
from bench.passes.discrimination import auc
from bench.passes.forward import forward
from bench.training.gate import predicts, worst, worst_auc
from bench.training.images import SPLITS, Images

Loss = Callable[[Tensor, Tensor], Tensor]


class Objective(Protocol):
    """A loss, and a verdict on what came of it."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of outputs (N, K) for targets (N,)."""

    def standard(self, data: Batch) -> Batch:
        """The subjects with targets as outputs should be: classes, or values in SDs from their training mean."""

    def auc(self, model: nn.Module, data: Batch) -> float:
        """The AUC of a model on the subjects: of its worst pair of classes, or of the halves of the targets."""

    def judge(self, model: nn.Module, images: Images, calibration: dict[str, Any]) -> dict[str, Any]:
        """The record of a model, the verdict of the gate among it."""


def objective(train: Batch) -> "Objective":
    """The objective that targets ask for: whole numbers are classes, others values.

    Raises:
        BadInput: where all targets are one value.
    """
    if not train.targets.is_floating_point():
        return Classes()
    mean, sd = float(train.targets.double().mean()), float(train.targets.double().std())
    if not sd > 0:
        raise BadInput(f"every training subject has the target {mean:g}; give a task whose targets differ")
    return Values(mean, sd)


def require_classes(images: Images, outputs: int) -> None:
    """Refuse classes without subjects to learn, choose and judge by.

    Raises:
        BadInput: naming the first split that holds fewer than two subjects of a class.
    """
    for split in SPLITS:
        targets = getattr(images, split).targets
        for label, count in enumerate([] if targets.is_floating_point() else targets.bincount(minlength=outputs)):
            if count < 2:
                key = "subjects" if split == "train" else split
                raise BadInput(
                    f"the {split} subjects hold {int(count)} of class {label} of {outputs}, and 2 are needed; raise "
                    f"train.{key}, or change the classes of the task"
                )


@dataclass(frozen=True)
class Classes:
    """Cross-entropy over K classes."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy of logits (N, K) for classes (N,)."""
        return cross_entropy(outputs, targets)

    def standard(self, data: Batch) -> Batch:
        """The subjects as they are."""
        return data

    def auc(self, model: nn.Module, data: Batch) -> float:
        """The smallest AUC of any two classes."""
        return worst_auc(forward(model, data.images), data.targets)

    def judge(self, model: nn.Module, images: Images, calibration: dict[str, Any]) -> dict[str, Any]:
        """The gate on the test subjects; the AUC of class 1 against 0 where cues no longer go with the label."""
        test, off = forward(model, images.test.images), forward(model, images.off.images)
        shifted = {f"auc_{name}": _auc(model, batch) for name, batch in images.shifted.items()}
        return worst(test, images.test.targets, off, calibration) | shifted


@dataclass(frozen=True)
class Values:
    """Squared error of the standardised target.

    mean, sd: of the training targets, in their unit; a network's output is the target minus mean, over sd.
    """

    mean: float
    sd: float

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean squared error of outputs (N, 1) for targets (N,)."""
        return mse_loss(outputs[:, 0], (targets - self.mean) / self.sd)

    def standard(self, data: Batch) -> Batch:
        """Targets less mean, over sd."""
        return replace(data, targets=(data.targets - self.mean) / self.sd)

    def auc(self, model: nn.Module, data: Batch) -> float:
        """The AUC between the upper and the lower half of the targets."""
        wanted = data.targets.double().numpy()
        return auc(_values(model, data), wanted > np.median(wanted)).value

    def judge(self, model: nn.Module, images: Images, calibration: dict[str, Any]) -> dict[str, Any]:
        """The gate on the test subjects, the R2 where cues no longer go with the target, and the target's scale."""
        test, off = _values(model, images.test), _values(model, images.off)
        shifted = {f"r2_{name}": _r2(model, batch) for name, batch in images.shifted.items()}
        verdict = predicts(test, images.test.targets, off, calibration) | shifted
        return verdict | {"target_mean": self.mean, "target_sd": self.sd}


def _values(model: nn.Module, data: Batch) -> np.ndarray:
    return forward(model, data.images)[:, 0].double().numpy()


def _r2(model: nn.Module, data: Batch) -> float:
    return correlation(_values(model, data), data.targets.double().numpy()).r2[0]


def _auc(model: nn.Module, data: Batch) -> float:
    rows = (data.targets < 2).nonzero().squeeze(1)
    outputs = forward(model, data.images[rows])
    return auc((outputs[:, 1] - outputs[:, 0]).double().numpy(), data.targets[rows].numpy()).value
