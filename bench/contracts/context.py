"""The context of a method or metric: all it may know beyond (model, inputs, target)."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.contracts.data import Batch, Truth


def _no_training() -> Batch:
    raise LookupError("this context carries no training data")


def _classes(targets: Tensor) -> Tensor:
    """Sides of a task that tells class 1, patients, from class 0."""
    return targets.where((targets == 0) | (targets == 1), -1).long()


@dataclass(frozen=True)
class Context:
    """Everything beside (model, inputs, target); every field has a default so that library use needs none.

    Tensors lie where the inputs do, but for those of `training`, which are many, and of `sides`: both stay in main
    memory, and what is used of them is moved to the inputs.
    subjects: (N,) subject numbers, one per row of `inputs`. seed_of: subject -> seed of its noise; the harness hashes
    (method seed, unit, subject), so noise is common to x and x + delta and to every batch a subject may sit in.
    redraws: subject -> (R * K, 1, D, H, W), its image with each region's local latents redrawn from their marginal,
    K draws per region in the order of `region_names`; redraw_mean: subject -> (1, D, H, W), every region as it is in
    the mean of the redraws that `use` rests on; rescans: (subject, k) -> (k, 1, D, H, W), its image scanned anew
    k times; twin: subject -> (1, D, H, W), its image with the other label; severities: (subject, strengths) ->
    (K, 1, D, H, W), its image at K strengths of the pathology, 0 none, 1 a patient's; to_anatomy_of: (volume, donor,
    recipient) -> the donor's volume (1, D, H, W) as it lies on the recipient's anatomy, None the average one. Each is
    None where no simulator stands behind the images or it cannot say, or the plug-in may not know.
    sides: targets (N,) -> (N,) int64, who is a patient: 1 on the patients' side of the explained score, 0 on the
    controls', -1 on neither, as the simulator says; without one, class 1 against class 0.
    model: name of the trained model in its study where its own maps of the explained subjects are asked for; "" for
    other images or another model.
    quantity: that of the map in question. spread: (N, 1, D, H, W), how each voxel varies between subjects, as the
    images lie: `spread_of` them, or the standard deviation of training images for each; None where nobody knows.
    notes: what a method tells of how it made its maps, in tables: `layer`, whose feature maps it read.
    domain, regions: (N, 1, D, H, W). truths: for a method only those it declared in `needs`,
    for a metric all of the simulator's.
    """

    subjects: tuple[int, ...] = ()
    seed_of: Callable[[int], int] = hash
    domain: Tensor | None = None
    regions: Tensor | None = None
    region_names: tuple[str, ...] = ()
    affine: np.ndarray = field(default_factory=lambda: np.eye(4))
    truths: dict[str, Truth] = field(default_factory=dict)
    training: Callable[[], Batch] = _no_training
    sides: Callable[[Tensor], Tensor] = _classes
    redraws: Callable[[int], Tensor] | None = None
    redraw_mean: Callable[[int], Tensor] | None = None
    rescans: Callable[[int, int], Tensor] | None = None
    twin: Callable[[int], Tensor] | None = None
    severities: Callable[[int, tuple[float, ...]], Tensor] | None = None
    to_anatomy_of: Callable[[Tensor, int, int | None], Tensor] | None = None
    target: Any = None
    model: str = ""
    quantity: str = "location"
    spread: Tensor | None = None
    notes: dict[str, str] = field(default_factory=dict)
    _memo: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    _training_memo: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def subject(self, row: int) -> int:
        """The number of the subject in this row; without subjects (library use) that of the row stands for it."""
        return self.subjects[row] if self.subjects else row

    def generator(self, row: int) -> torch.Generator:
        """A fresh generator for the subject in this row, the same at every call."""
        return torch.Generator().manual_seed(self.seed_of(self.subject(row)) % 2**63)

    def memo(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """`make()` once per key for the life of the context; what depends on a model names the model in its key."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def training_memo(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """`make()` once per key for these training images and sides, whatever the model and the subjects explained."""
        whose = (key, self.training, self.sides)
        if whose not in self._training_memo:
            self._training_memo[whose] = make()
        return self._training_memo[whose]

    def take(self, rows: list[int]) -> "Context":
        """The context of the chosen rows; the memos are shared."""
        index = torch.as_tensor(rows, dtype=torch.long)
        return replace(
            self,
            subjects=tuple(self.subjects[r] for r in rows) if self.subjects else (),
            domain=None if self.domain is None else self.domain[index],
            regions=None if self.regions is None else self.regions[index],
            spread=None if self.spread is None else self.spread[index],
            truths={name: truth.take(index) for name, truth in self.truths.items()},
        )
