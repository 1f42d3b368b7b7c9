import numpy as np

from mlpzoo.population.sweep.halving import rungs, survivors


def test_the_last_rung_is_all_seeds_and_none_is_judged_on_fewer_than_eight():
    assert rungs(1000) == [125, 250, 500, 1000]
    assert rungs(20) == [10, 20]
    assert rungs(3) == [3]


def test_only_what_is_clearly_worse_on_the_same_seeds_is_dropped():
    best, same, close, worse = ([True] * n + [False] * (12 - n) for n in (12, 12, 3, 2))
    # exact sign tests: 9 of 9 differ one way, p = 2/512 > 0.01/4; 10 of 10, p = 2/1024 < 0.01/4
    assert survivors({4: best, 5: same, 6: close, 7: worse}) == [4, 5, 6]


def test_of_many_that_are_as_good_hardly_one_is_dropped():
    draws = np.random.default_rng(0)
    dropped = 0
    for _ in range(40):
        solved = draws.random((50, 50)) < 0.9  # settings by seeds; the best is the luckiest
        dropped += 50 - len(survivors(dict(enumerate(solved.tolist()))))
    assert dropped <= 0.005 * 40 * 50
