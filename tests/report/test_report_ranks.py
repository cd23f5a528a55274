import math

from bench.report.statistics.ranks import shared_ranks


def test_methods_share_a_rank_until_one_is_separated_from_the_leader():
    means = {10: 0.9, 11: 0.88, 12: 0.7, 13: 0.66, 14: 0.1}
    ranks = shared_ranks(list(means), lambda leader, other: means[leader] - means[other] > 0.05)
    assert ranks == {10: 1, 11: 1, 12: 3, 13: 3, 14: 5}


def test_a_tie_reaches_back_to_the_leader_not_to_the_neighbour():
    means = {0: 1.00, 1: 0.96, 2: 0.92}
    assert shared_ranks([0, 1, 2], lambda a, b: means[a] - means[b] > 0.05) == {0: 1, 1: 1, 2: 3}


def test_an_undefined_interval_separates_nothing():
    assert set(shared_ranks([3, 1, 2], lambda a, b: math.nan > 0).values()) == {1}
    assert shared_ranks([], lambda a, b: True) == {}
