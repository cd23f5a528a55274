"""The order in which units start: what one makes for many is not made by its neighbour at the same time."""

from collections.abc import Iterable

from bench.study import Unit


def in_turns(units: Iterable[Unit]) -> list[Unit]:
    """Units such that one and the next share neither simulator nor data seed, as far as there are such units left.

    Explained subjects and their redraws are made once a simulator, healthy subjects once a data seed: two units that
    start together would both make them. Otherwise earlier units stay earlier, so that the images of a simulator have
    been read before those of another fill the disk.
    """
    left, order = list(units), list[Unit]()
    while left:
        following = _least_shared(order[-1], left) if order else left[0]
        left.remove(following)
        order.append(following)
    return order


def _least_shared(before: Unit, left: list[Unit]) -> Unit:
    """The first unit that shares neither with the one before; else only the data seed, else the first."""
    other = [unit for unit in left if unit.simulator != before.simulator]
    return next((unit for unit in other if unit.data_seed != before.data_seed), (other or left)[0])
