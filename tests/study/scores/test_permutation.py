"""p-values of permutation tests."""

from __future__ import annotations

import numpy as np

from signbench.study.scores.permutation import two_sided


def test_what_was_observed_counts_among_the_permutations():
    assert two_sided(5.0, np.zeros(99)) == 1 / 100
    assert two_sided(1.0, np.array([1.0, -1.0, 0.5])) == 3 / 4


def test_rounding_does_not_make_an_equal_permutation_nearer():
    assert two_sided(0.3, np.array([0.1 + 0.2, 0.3 - 1e-16])) == 1


def test_an_undefined_permutation_counts_as_far_away():
    assert two_sided(1.0, np.array([np.nan, 0.0])) == 2 / 3
