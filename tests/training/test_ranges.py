"""Which numbers of a recipe are refused, and how that is worded."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from signbench.errors import InputError
from signbench.training.ranges import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, Range, check_ranges


@pytest.mark.parametrize(
    ("allowed", "inside", "outside", "words"),
    [
        (SHARE, (0, 0.5, 1), (-0.1, 1.1, math.nan, math.inf), "from 0 to 1"),
        (NOT_NEGATIVE, (0, 1e9), (-1e-9, math.nan, math.inf), "at least 0"),
        (POSITIVE, (1e-9, 3), (0, -1, math.nan, math.inf), "above 0"),
        (COUNT, (1, 7), (0, -2), "at least 1"),
        (Range(2), (2,), (1,), "at least 2"),
    ],
)
def test_a_number_outside_its_range_is_refused_with_the_range(allowed, inside, outside, words):
    for value in inside:
        check_ranges(SimpleNamespace(number=value), {"number": allowed})
    for value in outside:
        with pytest.raises(InputError, match=f"the recipe's data: number is {value:g}, but should be {words}"):
            check_ranges(SimpleNamespace(number=value), {"number": allowed})
