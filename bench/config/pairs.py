"""Configurations of all pairs of simulator and network, composed once a side where the sides are independent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bench.config.overrides import group_of, in_groups

Node = dict[str, Any]
Pair = Mapping[str, str]
Side = tuple[tuple[str, str], ...]
#: keys of a composed configuration beside its nodes: Hydra's choices, and whether a node refers to another
CHOICES, REFERS = "_choices", "_refers"
_SIDES = ("simulator",), ("network", "train")


def configurations(pairs: Sequence[Pair], compose: Callable[[Pair], Node]) -> Iterator[Node]:
    """The configuration of each pair, in their order.

    Pairs with the first simulator or the first network are composed. If no simulator changes the nodes of the network,
    no network those of the simulator, and no node refers to another, the rest are made of these; else they are composed
    as well. compose: a pair -> its nodes with `CHOICES` and `REFERS`.
    """
    sides = [(_side(pair, _SIDES[0]), _side(pair, _SIDES[1])) for pair in pairs]
    first = sides[0]
    composed = {
        side: compose(pair)
        for side, pair in zip(sides, pairs, strict=True)
        if side[0] == first[0] or side[1] == first[1]
    }
    apart = _apart(composed, first)
    for side, pair in zip(sides, pairs, strict=True):
        if side in composed or not apart:
            yield composed[side] if side in composed else compose(pair)
        else:
            yield _joined(composed[side[0], first[1]], composed[first[0], side[1]])


def _side(pair: Pair, groups: tuple[str, ...]) -> Side:
    """The keys of a pair that belong to some groups, with their values."""
    return tuple((key, value) for key, value in pair.items() if group_of(key) in groups)


def _apart(composed: Mapping[tuple[Side, Side], Node], first: tuple[Side, Side]) -> bool:
    """Whether what was composed shows that the sides are independent."""
    alike = all(
        config[group] == composed[first][group]
        for side, config in composed.items()
        for number, groups in enumerate(_SIDES)
        if side[number] == first[number]
        for group in groups
    )
    return alike and not any(config[REFERS] for config in composed.values())


def _joined(simulator: Node, network: Node) -> Node:
    """A configuration with the simulator of one and all else of another."""
    parts = {key: file for key, file in simulator[CHOICES].items() if in_groups(key, _SIDES[0])}
    others = {key: file for key, file in network[CHOICES].items() if not in_groups(key, _SIDES[0])}
    return {**network, "simulator": simulator["simulator"], CHOICES: {**others, **parts}}
