"""Boosted trees as tensors: evaluated for all subjects and trees at once, and shared out over features."""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class Trees(nn.Module):
    """`count` trees for each of `outputs`, of at most `leaves` leaves; without a tree an output is its `start`.

    A node sends a subject to `below[..., 0]` where its feature is at most `threshold`, else to `below[..., 1]`; leaves
    send it to themselves. value: of a leaf what it adds, of a node the mean of what training subjects in it got.
    """

    start: Tensor
    feature: Tensor
    threshold: Tensor
    below: Tensor
    value: Tensor

    def __init__(self, count: int, outputs: int, leaves: int) -> None:
        super().__init__()
        self.count, self.outputs, self.depth = count, outputs, leaves - 1
        shape = (count * outputs, 2 * leaves - 1)
        self.register_buffer("start", torch.zeros(outputs, dtype=torch.float64))
        self.register_buffer("feature", torch.zeros(shape, dtype=torch.long))
        self.register_buffer("threshold", torch.zeros(shape, dtype=torch.float64))
        self.register_buffer("below", torch.zeros(*shape, 2, dtype=torch.long))
        self.register_buffer("value", torch.zeros(shape, dtype=torch.float64))

    def forward(self, features: Tensor) -> Tensor:
        """(N, F) -> (N, outputs) float64, without a gradient."""
        return self.along(features)[-1]

    def along(self, features: Tensor) -> Tensor:
        """Outputs after 0, 1, ... trees: (count + 1, N, outputs)."""
        grown = self._picked(self.value, self._path(features)[-1]).T.unflatten(0, (self.count, self.outputs))
        start = self.start[None, :, None].expand(1, -1, len(features))
        return torch.cat([start, grown]).cumsum(0).movedim(1, 2)

    def contributions(self, features: Tensor, count: int) -> Tensor:
        """Shares of the features (N, outputs, count): on the way down a tree, a split's feature is given what changes.

        They sum to the outputs minus what the trees gave to training subjects on average. Which of two features that
        say the same is given more depends on their order in the tree (Palczewska et al. 2013, IEEE IRI).
        """
        parts = torch.zeros(len(features), self.outputs, count, dtype=torch.float64, device=features.device)
        output = torch.arange(self.outputs, device=features.device).repeat(self.count)
        path = self._path(features)
        for here, there in pairwise(path):
            gained = self._picked(self.value, there) - self._picked(self.value, here)
            flat = output * count + self._picked(self.feature, here)
            parts.flatten(1).scatter_add_(1, flat, gained)
        return parts

    def plant(self, start: Tensor, nodes: dict[str, Tensor]) -> None:
        """Take over trees: start (outputs,) and buffers by name."""
        self.start.copy_(start)
        for name, value in nodes.items():
            getattr(self, name).copy_(value)

    def cut(self, kept: int) -> None:
        """Leave the first `kept` trees of every output; the others add nothing."""
        for buffer in (self.feature, self.threshold, self.below, self.value):
            buffer[kept * self.outputs :] = 0

    @torch.no_grad()
    def _path(self, features: Tensor) -> list[Tensor]:
        """Nodes (N, trees) that each subject comes by, from the root to its leaf."""
        features = features.double()
        node = torch.zeros(len(features), len(self.value), dtype=torch.long, device=features.device)
        path = [node]
        for _ in range(self.depth):
            right = features.gather(1, self._picked(self.feature, node)) > self._picked(self.threshold, node)
            node = self._picked(self.below.flatten(1), 2 * node + right)
            path.append(node)
        return path

    @staticmethod
    def _picked(values: Tensor, node: Tensor) -> Tensor:
        """values[tree, node[subject, tree]]: (trees, nodes), (N, trees) -> (N, trees)."""
        return values.gather(1, node.T).T


def grown(model: Any, outputs: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Start and nodes of a fitted model of scikit-learn's histogram gradient boosting, as `Trees.plant` takes them.

    The log-odds z of two classes becomes (-z / 2, z / 2).
    """
    rounds, first = model._predictors, np.ravel(model._baseline_prediction)
    signs = (-0.5, 0.5) if len(first) < outputs else (1.0,) * outputs
    start = torch.tensor([sign * first[k % len(first)] for k, sign in enumerate(signs)])
    trees = [(each[k % len(each)].nodes, sign) for each in rounds for k, sign in enumerate(signs)]
    parts = [_nodes(nodes, sign, 2 * model.max_leaf_nodes - 1) for nodes, sign in trees]
    return start, {name: torch.from_numpy(np.stack([part[name] for part in parts])) for name in parts[0]}


def _nodes(nodes: np.ndarray, sign: float, size: int) -> dict[str, np.ndarray]:
    leaf, numbers = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    below = np.where(leaf[:, None], numbers[:, None], np.stack([nodes["left"], nodes["right"]], 1))
    value = np.where(leaf, nodes["value"], 0.0)
    # children are numbered after their parents
    for node in numbers[~leaf][::-1]:
        value[node] = np.average(value[below[node]], weights=nodes["count"][below[node]])
    columns = {
        "feature": np.where(leaf, 0, nodes["feature_idx"]),
        "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
        "below": below,
        "value": sign * value,
    }
    return {name: _padded(column, size) for name, column in columns.items()}


def _padded(column: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([column, np.zeros((size - len(column), *column.shape[1:]), column.dtype)])
