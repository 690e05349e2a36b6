"""Krippendorff's alpha against published worked examples, and against its definition by the coincidence matrix."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.study.scores.agreement import nominal_alpha


def ratings(*raters):
    """One string per rater, a value per unit, ``*`` where it is missing."""
    return [(unit, value) for row in raters for unit, value in enumerate(row.split()) if value != "*"]


@pytest.mark.parametrize(
    ("source", "raters", "alpha", "units"),
    [
        ("Krippendorff 2011, A: binary, two observers", ["0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"], 0.095, 10),
        ("Krippendorff 2011, B: nominal, two observers", ["a a b b d c c c e d d a", "b a b b b c c c e d d d"], 0.692, 12),
        (
            "Krippendorff 2011, C: four observers, missing data",
            ["1 2 3 3 2 1 4 1 2 * * *", "1 2 3 3 2 2 4 1 2 5 * 3", "* 3 3 3 2 3 4 2 2 5 1 *", "1 2 3 3 2 4 4 1 2 5 1 *"],
            0.743,
            11,
        ),
        (
            "Wikipedia, Krippendorff's alpha, 'A computational example': three coders, missing data",
            ["* * * * * 3 4 1 2 1 1 3 3 * 3", "1 * 2 1 3 3 4 3 * * * * * * *", "* * 2 1 3 4 4 * 2 1 1 3 3 * 4"],
            0.691,
            12,
        ),
    ],
)
def test_alpha_is_that_of_published_examples(source, raters, alpha, units):
    found = nominal_alpha(ratings(*raters))
    assert round(found.value, 3) == alpha, source
    assert found.units == units


def by_coincidences(rows):
    """Alpha by its definition: the matrix of coincidences, unit by unit and pair by pair."""
    units = {}
    for unit, value in rows:
        units.setdefault(unit, []).append(value)
    values = sorted({value for _, value in rows})
    matrix = np.zeros((len(values), len(values)))
    for found in units.values():
        for first, one in enumerate(found):
            for second, other in enumerate(found):
                if first != second:
                    matrix[values.index(one), values.index(other)] += 1 / (len(found) - 1)
    margins = matrix.sum(axis=0)
    observed = matrix.sum() - np.trace(matrix)
    expected = (margins.sum() ** 2 - (margins**2).sum()) / (margins.sum() - 1)
    return 1 - observed / expected


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_that_of_the_coincidence_matrix(seed):
    generator = np.random.default_rng(seed)
    rows = [
        (int(unit), int(value)) for unit, value in zip(generator.integers(0, 30, 120), generator.integers(0, 6, 120), strict=True)
    ]
    assert nominal_alpha(rows).value == pytest.approx(by_coincidences(rows), abs=1e-12)


def test_the_order_of_ratings_does_not_matter():
    rows = ratings("a b b c", "a b c c", "b b c *")
    assert nominal_alpha(rows) == nominal_alpha(rows[::-1])


@pytest.mark.parametrize(("raters", "why"), [(["a b c"], "two raters"), (["a a a", "a a a"], "the same"), ([], "two raters")])
def test_where_alpha_is_undefined_it_says_why(raters, why):
    found = nominal_alpha(ratings(*raters))
    assert found.value is None
    assert why in found.reason


def test_perfect_agreement_is_one():
    assert nominal_alpha(ratings("a b c", "a b c")).value == 1
