"""Ranks in which methods that cannot be told apart share a place."""

from collections.abc import Callable, Sequence

TIE_RULE = (
    "From the best mean downwards, a method shares the rank of the current leader as long as the 95 % interval of "
    "their paired difference covers 0; the first method that it does not cover becomes the next leader. Where the "
    "interval is undefined (one data seed) nothing can be told apart and all share the rank."
)


def shared_ranks(order: Sequence[int], separated: Callable[[int, int], bool]) -> dict[int, int]:
    """Competition ranks (1, 1, 3, ...) of the items in `order` (best first) under `TIE_RULE`.

    separated(leader, other): whether the interval of the paired difference leaves 0 out.
    """
    ranks: dict[int, int] = {}
    leader = -1
    for place, item in enumerate(order, start=1):
        if leader < 0 or separated(leader, item):
            leader, ranks[item] = item, place
        else:
            ranks[item] = ranks[leader]
    return ranks
