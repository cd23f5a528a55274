"""Completeness: whether a map adds up to what it says it shares out."""

from torch import Tensor

from bench.contracts import Unsupported

#: what rounding may leave of a gap, in units of the sum of sizes of a map and of the two scores
OF_MAP, OF_SCORES = 1e-4, 1e-5


def refuse_gap(gap: Tensor, shares: Tensor, ends: Tensor) -> None:
    """Raises Unsupported where a map misses the rise of the score by more than rounding.

    gap: (N,) sum(map) - (f(x) - f(b)). shares: the maps (N, 1, D, H, W). ends: (N, 2) f(x) and f(b).
    """
    room = OF_MAP * shares.double().abs().flatten(1).sum(1) + OF_SCORES * ends.abs().sum(1)
    if (gap.abs() > room).any():
        rise = (ends[:, 0] - ends[:, 1]).abs()
        worst = int((gap.abs() - room).argmax())
        raise Unsupported(
            f"the map misses the rise of the score, {rise[worst].item():.3g}, by {gap[worst].item():.3g}: "
            "some part of this network is not followed by the rules"
        )
