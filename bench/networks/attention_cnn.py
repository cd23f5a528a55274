"""A CNN with an attention gate: coarse features decide how much each place of fine features is heard."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from bench.contracts import Count, bounded
from bench.networks._parts import block, divisible


class Gate(nn.Module):
    """Additive attention: softmax over places of psi . relu(theta fine + phi coarse), all 1x1x1.

    Schlemper et al. 2019, eq. 1-2, with the softmax in place of the sigmoid: coefficients compete, so that one place
    can be heard alone. Under a mean of sigmoids a small lesion is one place of hundreds, and training does not find it.
    """

    def __init__(self, fine: int, coarse: int, inner: int) -> None:
        super().__init__()
        self.theta = nn.Conv3d(fine, inner, 1, bias=False)
        self.phi = nn.Conv3d(coarse, inner, 1)
        self.psi = nn.Conv3d(inner, 1, 1, bias=False)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(N, fine, d, h, w), (N, coarse, d/2, h/2, w/2) -> coefficients (N, 1, d, h, w) that sum to 1 over places."""
        # nearest: the backward pass of linear upsampling is not deterministic on a GPU
        context = interpolate(self.phi(coarse), scale_factor=2.0, mode="nearest")
        gate = self.psi(relu(self.theta(fine) + context))
        return torch.softmax(gate.flatten(2), 2).reshape(gate.shape)


@bounded
class AttentionCNN(nn.Module):
    """Fine features, three blocks deep, are averaged over space as the gate weighs places, and read out linearly.

    The readout sees gated features alone, so a place the gate shuts adds nothing. Coarse features, one block deeper,
    speak through the gate only: a gate may therefore itself carry evidence, and be high where there is none.

    in_shape: (D, H, W), divisible by 8. outputs: K. width: channels of the first block, doubled in each of the next
    two. inner: channels in which fine and coarse features meet.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Schlemper et al. 2019, Medical Image Analysis 53:197, arXiv:1808.08114"
    summary: ClassVar[str] = (
        "Coarse features say how much each place of fine ones counts; the readout sees their weighted mean."
    )

    def __init__(self, in_shape: tuple[int, int, int], outputs: int, width: Count = 8, inner: Count = 8) -> None:
        super().__init__()
        divisible(self, in_shape, 8)
        self.fine = nn.Sequential(
            block(1, width, pooled=True), block(width, 2 * width, pooled=True), block(2 * width, 4 * width)
        )
        self.coarse = nn.Sequential(nn.MaxPool3d(2), block(4 * width, 4 * width))
        self.gate = Gate(4 * width, 4 * width, inner)
        self.readout = nn.Linear(4 * width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        fine = self.fine(x)
        return self.readout((fine * self.gate(fine, self.coarse(fine))).sum((2, 3, 4)))

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`gate`: (N, 1, D, H, W) in (0, 1), for all outputs: the coefficients on the grid of the images, trilinear."""
        fine = self.fine(x)
        gate = self.gate(fine, self.coarse(fine))
        return {"gate": interpolate(gate, x.shape[2:], mode="trilinear", align_corners=False)}
