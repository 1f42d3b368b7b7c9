"""Exact sums, published intervals, enumeration and simulation, for what is said of two recipes."""

from collections import Counter
from functools import cache
from itertools import accumulate
from math import comb, isclose

import numpy as np
import pytest

from mlpzoo import InputError
from mlpzoo.population.paired import paired_test
from mlpzoo.population.statistics import Z95, seeds_needed, wilson_interval


def outcomes(both, first_only, second_only, neither):
    """Return the two columns of a table of pairs."""
    kinds = [(True, True), (True, False), (False, True), (False, False)]
    counts = (both, first_only, second_only, neither)
    return zip(
        *(pair for pair, n in zip(kinds, counts, strict=True) for _ in range(n)), strict=True
    )


@cache
def ways(trials):
    """Return in how many ways so many coins show 0, at most 1, at most 2, ... heads."""
    each = accumulate(range(trials), lambda n, k: n * (trials - k) // (k + 1), initial=1)
    return list(accumulate(each))


def exact_p(first_only, second_only):
    trials = first_only + second_only
    return min(1, 2 * ways(trials)[min(first_only, second_only)] / 2**trials)


def test_counts_are_those_of_the_pairs():
    test = paired_test(*outcomes(5, 4, 3, 2))
    assert (test.both, test.first_only, test.second_only, test.neither) == (5, 4, 3, 2)
    assert test.seeds == 14
    assert isclose(test.difference, 1 / 14)


@pytest.mark.parametrize("telling", [0, 1, 2, 5, 6, 7, 24, 25])
def test_p_value_is_the_sum_of_both_tails(telling):
    for first in range(telling + 1):
        test = paired_test(*outcomes(1, first, telling - first, 0))
        assert isclose(test.p_value, exact_p(first, telling - first), rel_tol=1e-13)


@pytest.mark.parametrize(("first", "second"), [(1000, 1100), (9000, 10000), (5000, 5001)])
def test_p_value_of_many_seeds_is_exact(first, second):
    exact = exact_p(first, second)
    assert isclose(paired_test(*outcomes(0, first, second, 0)).p_value, exact, rel_tol=1e-11)


def test_hundred_thousand_seeds_are_tested():
    one = np.arange(100_000) % 2 == 0
    test = paired_test(one, ~one)
    assert (test.first_only, test.second_only, test.p_value) == (50_000, 50_000, 1)
    assert paired_test(one, np.zeros(100_000)).p_value == 0  # below every float


# Armitage and Berry, Statistical Methods in Medical Research: two media, 50 specimens. Fagerland,
# Lydersen and Laake, BMC Medical Research Methodology 13 (2013) 91: airways of 21 children.
@pytest.mark.parametrize(
    ("table", "published"), [((20, 12, 2, 16), 0.0129), ((1, 1, 7, 12), 0.070)]
)
def test_p_value_is_the_published_one(table, published):
    digits = len(str(published)) - 2
    assert round(paired_test(*outcomes(*table)).p_value, digits) == published


# Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014) 2850-2875.
def test_interval_is_the_published_one():
    test = paired_test(*outcomes(1, 1, 7, 12))
    assert [round(end, 3) for end in (test.difference, *test.interval)] == [-0.286, -0.517, -0.026]


def score_test(first, second, seeds, d, shares):
    """Return Tango's statistic, with the likeliest shares found among many."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, rest = shares + d, 1 - 2 * shares - d
        counts = ((first, one), (second, shares), (seeds - first - second, rest))
        likely = sum((n * np.log(share) if n else 0 * share) for n, share in counts)
    likely[(one < 0) | (rest < -1e-12)] = -np.inf
    best = shares[np.nanargmax(likely)]
    return (first - second - seeds * d) / np.sqrt(seeds * (2 * best + d * (1 - d)))


@pytest.mark.parametrize("counts", [(3, 9, 40), (12, 2, 50), (1, 0, 30), (0, 8, 10), (40, 20, 160)])
def test_interval_ends_where_the_score_test_refuses(counts):
    first, second, seeds = counts
    shares = np.linspace(0, 1, 200_001)
    table = (0, first, second, seeds - first - second)
    low, high = paired_test(*outcomes(*table)).interval
    for end, z in ((low, Z95), (high, -Z95)):
        assert isclose(score_test(*counts, end, shares), z, rel_tol=1e-3)


@pytest.mark.parametrize("seeds", [1, 10, 1000])
def test_interval_of_no_pair_that_tells_is_wilsons_of_none(seeds):
    high = wilson_interval(0, seeds)[1]
    np.testing.assert_allclose(paired_test([True] * seeds, [True] * seeds).interval, [-high, high])


def test_interval_holds_the_difference_in_95_of_100_repetitions():
    shares, pairs = [0.25, 0.1, 0.65], 100
    tables = Counter(map(tuple, np.random.default_rng(0).multinomial(pairs, shares, 10_000)))
    held = 0
    for table, times in tables.items():
        low, high = paired_test(*outcomes(0, *table)).interval
        held += times * (low <= 0.15 <= high)
    assert abs(held / 10_000 - 0.95) < 0.01


def exact_power(seeds, first_only, second_only, level):
    """Return the probability of a p value of `level` or less, pair by pair of counts."""
    total, rest = 0.0, 1 - first_only - second_only
    for one in range(seeds + 1):
        for other in range(seeds - one + 1):
            if exact_p(one, other) <= level:
                ways = comb(seeds, one) * comb(seeds - one, other)
                chance = first_only**one * second_only**other * rest ** (seeds - one - other)
                total += ways * chance
    return total


@pytest.mark.parametrize(
    ("rate", "other", "share", "power", "level"),
    [(0.9, 0.4, 0.6, 0.8, 0.05), (0.3, 0.7, 0.5, 0.9, 0.05), (0.6, 0.2, 0.4, 0.8, 0.01),
     (1.0, 0.0, 1.0, 0.99, 0.05), (1.0, 0.6, None, 0.8, 0.05), (0.2, 0.8, 1.0, 0.5, 0.2)],
)  # fmt: skip
def test_seeds_needed_reach_the_power_and_one_fewer_does_not(rate, other, share, power, level):
    count = seeds_needed(rate, other, share=share, power=power, level=level)
    telling = rate * (1 - other) + other * (1 - rate) if share is None else share
    shares = (telling + rate - other) / 2, (telling - rate + other) / 2
    assert exact_power(count, *shares, level) >= power > exact_power(count - 1, *shares, level)


@pytest.mark.parametrize(
    ("rate", "other", "share"), [(0.93, 0.91, 0.05), (0.5, 0.45, None), (0.02, 0.0, None)]
)
def test_seeds_needed_tell_recipes_apart_as_often_as_asked(rate, other, share):
    count = seeds_needed(rate, other, share=share)
    telling = rate * (1 - other) + other * (1 - rate) if share is None else share
    one, two = (telling + rate - other) / 2, (telling - rate + other) / 2
    tables = np.random.default_rng(1).multinomial(count, [one, two, 1 - telling], size=10_000)
    told = sum(exact_p(first, second) <= 0.05 for first, second, _ in tables.tolist())
    assert abs(told / 10_000 - 0.8) < 0.012  # three standard deviations


def test_seeds_needed_beyond_what_is_summed_go_on_as_before():
    summed, formula = seeds_needed(0.5, 0.49), seeds_needed(0.5, 0.499)
    assert summed < 2**20 < formula
    assert isclose(100 * summed, formula, rel_tol=0.01)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"rate": 0.5, "other": 0.5}, "both rates are 0.5"),
        ({"rate": 1.5, "other": 0.5}, "rate must be from 0 to 1, got 1.5"),
        ({"rate": "a", "other": 0.5}, "rate must be a number"),
        (
            {"rate": 0.5, "other": 0.4, "power": 1.0},
            "power must be from 1e-09 to 0.999999999, got 1",
        ),
        ({"rate": 0.5, "other": 0.4, "level": 0}, "level must be from 1e-09 to 0.999999999, got 0"),
        ({"rate": 0.5, "other": 0.4, "share": 0.05}, "share must be from 0.1 to 0.9"),
        ({"rate": 0.95, "other": 0.9, "share": 0.2}, "share must be from 0.05 to 0.15"),
    ],
)
def test_numbers_that_cannot_be_are_refused(given, part):
    with pytest.raises(InputError, match=part):
        seeds_needed(**given)


@pytest.mark.parametrize(("one", "other"), [([], []), ([True], [True, False])])
def test_pairs_that_are_none_are_refused(one, other):
    with pytest.raises(InputError, match="pairs of 1 seed or more"):
        paired_test(one, other)
