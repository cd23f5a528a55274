"""A soft decision tree that imitates a model: a few weight volumes in place of a network."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.passes.forward import forward


class SoftTree(nn.Module):
    """A binary tree of logistic splits of the whole image, a distribution over classes at each leaf.

    Frosst & Hinton 2017, arXiv:1711.09784. An image takes the right branch of node i with probability
    sigmoid(w_i . x + b_i), x standardised by the mean and the overall SD of the images it was made for; the answer is
    that of the most probable leaf. Nodes are numbered from the root, row by row; 2^depth leaves.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, images: Tensor, outputs: int, depth: int) -> None:
        super().__init__()
        self.depth, self.shape = depth, images.shape[2:]
        self.register_buffer("mean", images.mean(0, keepdim=True))
        self.register_buffer("spread", (images - images.mean(0)).std())
        self.split = nn.Linear(images[0].numel(), 2**depth - 1)
        nn.init.zeros_(self.split.weight)
        self.leaves = nn.Parameter(torch.randn(2**depth, outputs))

    def right(self, x: Tensor) -> Tensor:
        """Probability (N, nodes) to go right at each node."""
        values = ((x - self.mean) / self.spread).flatten(1)
        # the same scale of scores on every grid
        return torch.sigmoid(self.split(values / values.shape[1] ** 0.5))

    def paths(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Probability (N, leaves) to arrive at each leaf, and (N, nodes) at each node."""
        right, reached = self.right(x), [torch.ones(len(x), 1)]
        for level in range(self.depth):
            at_level = right[:, 2**level - 1 : 2 ** (level + 1) - 1]
            reached.append(torch.stack([reached[-1] * (1 - at_level), reached[-1] * at_level], 2).flatten(1))
        return reached[-1], torch.cat(reached[:-1], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Log probabilities (N, K) at the most probable leaf."""
        return self.leaves.log_softmax(1)[self.paths(x)[0].argmax(1)]

    @property
    def volumes(self) -> Tensor:
        """Weights of the nodes (nodes, D, H, W) in units of the images: what sends an image right."""
        return (self.split.weight.detach() / self.spread).view(-1, *self.shape)


@dataclass(frozen=True)
class Distilled:
    """A tree and its fidelity: the share of images it was not made from on which it names the model's class."""

    tree: SoftTree
    fidelity: float
    share: float


def distil(
    model: nn.Module,
    images: Tensor,
    unseen: Tensor,
    depth: int = 2,
    epochs: int = 25,
    rate: float = 0.02,
    balance: float = 0.1,
    decay: float = 0.01,
    seed: int = 0,
) -> Distilled:
    """A soft decision tree fitted to a classifier's own probabilities on images (N, 1, D, H, W).

    The loss is the cross-entropy of the leaves with the model's probabilities, weighted by the paths, plus `balance`
    times a penalty, halved at each level, on nodes that send everything one way. unseen: images that the fidelity is
    judged on; `share` is that of the model's most frequent class there, what a tree of one leaf would reach.
    """
    wanted, judged = (forward(model, x).softmax(1) for x in (images, unseen))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tree = SoftTree(images, wanted.shape[1], depth)
        optimiser = torch.optim.AdamW(tree.parameters(), rate, weight_decay=decay)
        for _ in range(epochs):
            for rows in torch.randperm(len(images)).split(32):
                optimiser.zero_grad()
                _loss(tree, images[rows], wanted[rows], balance).backward()
                optimiser.step()
    tree.eval()
    with torch.no_grad():
        agree = tree(unseen).argmax(1) == judged.argmax(1)
    share = judged.argmax(1).bincount().max() / len(judged)
    return Distilled(tree, float(agree.float().mean()), float(share))


def _loss(tree: SoftTree, x: Tensor, wanted: Tensor, balance: float) -> Tensor:
    leaves, nodes = tree.paths(x)
    fit = -(leaves * (wanted @ tree.leaves.log_softmax(1).T)).sum(1).mean()
    taken = ((nodes * tree.right(x)).sum(0) / nodes.sum(0)).clamp(1e-6, 1 - 1e-6)
    level = torch.cat([torch.full((2**k,), 2.0**-k) for k in range(tree.depth)])
    return fit - balance * (level * 0.5 * (taken.log() + (1 - taken).log())).sum()
