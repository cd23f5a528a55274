"""Gradient descent: AdamW with a one-cycle learning rate, the best weights on the validation subjects, or a cut."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import Undefined
from bench.passes.forward import forward, laid_out
from bench.passes.scores import one_tensor
from bench.training.alter import cover
from bench.training.images import Images
from bench.training.objective import Objective
from bench.training.recipe import Recipe

Curve = list[dict[str, float]]
#: looks at the validation AUC an epoch where a checkpoint waits for one
LOOKS = 10


class Diverged(ArithmeticError):
    """Training met a loss that is not finite."""


@dataclass
class Descent:
    """One training of a model, which ends with the chosen weights and in evaluation mode.

    order: draws the order of subjects, epoch by epoch. covers: draws what is covered of images.
    """

    model: nn.Module
    images: Images
    aim: Objective
    recipe: Recipe
    order: np.random.Generator
    covers: torch.Generator

    def __post_init__(self) -> None:
        recipe, self.steps = self.recipe, -(-len(self.images.train) // self.recipe.batch)
        rate, parameters = recipe.learning_rate, self.model.parameters()
        self.optimiser = torch.optim.AdamW(parameters, rate, weight_decay=recipe.weight_decay)
        total = recipe.epochs * self.steps
        self.schedule: Any = torch.optim.lr_scheduler.OneCycleLR(self.optimiser, rate, total, pct_start=recipe.warmup)
        self.step, self.cut, self.best_auc, self.validation = 0, recipe.cut, 0.0, float("inf")

    def run(self, progress: Callable[[float], None]) -> Curve:
        """Train; returns the losses of every epoch.

        Raises:
            Diverged: naming the step at which a loss stopped being finite.
            Undefined: where the checkpoint's AUC was never reached.
        """
        best, kept, waited, curve = float("inf"), copy.deepcopy(self.model.state_dict()), 0, Curve()
        for epoch in range(self.recipe.epochs):
            there = self._epoch(curve)
            progress((epoch + 1) / self.recipe.epochs)
            if there:
                break
            if self.validation < best:
                best, kept, waited = self.validation, copy.deepcopy(self.model.state_dict()), 0
            else:
                waited += 1
            if waited >= self.recipe.patience and not self.cut:
                break
        else:
            self._check_cut()
        if not self.cut:
            self.model.load_state_dict(kept)
        self.model.eval()
        return curve

    def _epoch(self, curve: Curve) -> bool:
        """One pass over the training subjects, or up to the cut; whether that was reached."""
        rows = torch.from_numpy(self.order.permutation(len(self.images.train)))
        total, seen, there = 0.0, 0, False
        self.model.train()
        for batch in rows.split(self.recipe.batch):
            total, seen = total + self._descend(batch) * len(batch), seen + len(batch)
            if there := self._cut_here():
                break
        self.model.eval()
        data = self.images.validation
        self.validation = self._finite(self.aim.loss(forward(self.model, data.images), data.targets)).item()
        curve.append({"train_loss": round(total / seen, 6), "validation_loss": round(self.validation, 6)})
        return there

    def _descend(self, rows: Tensor) -> float:
        """One step of the optimiser; the loss before it."""
        self.optimiser.zero_grad()
        images = self.images.train.images[rows]
        if self.recipe.perturbed:
            images = cover(images, self.recipe.perturbed, self.recipe.cover, self.covers)
        outputs = self._outputs(laid_out(self.model, images))
        loss = self._finite(self.aim.loss(outputs, self.images.train.targets[rows].to(outputs.device)))
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        return loss.item()

    def _outputs(self, images: Tensor) -> Tensor:
        """Outputs of the model, float32 also where the products in it are not."""
        if not self.recipe.mixed_precision:
            return one_tensor(self.model(images))
        with torch.autocast(images.device.type, torch.bfloat16):
            return one_tensor(self.model(images)).float()

    def _finite(self, loss: Tensor) -> Tensor:
        if not torch.isfinite(loss):
            raise Diverged(
                f"training diverged at step {self.step}: the loss is {loss.item()}; lower train.learning_rate"
            )
        return loss

    def _cut_here(self) -> bool:
        if self.cut is None:
            return False
        if self.cut.by == "epoch":
            return self.step >= max(1, round(self.cut.at * self.steps))
        if self.step % max(1, self.steps // LOOKS):
            return False
        self.best_auc = max(self.best_auc, auc := self.aim.auc(self.model, self.images.validation))
        return auc >= self.cut.at

    def _check_cut(self) -> None:
        if self.cut:
            raise Undefined(
                f"train.checkpoint={self.recipe.checkpoint} was not reached in {self.recipe.epochs} epochs: the "
                f"validation AUC came to {self.best_auc:.2f}; give more epochs or a lower AUC"
            )
