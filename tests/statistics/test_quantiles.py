"""The quantiles that intervals are made of."""

from __future__ import annotations

from decimal import Decimal

import pytest
from scipy.special import stdtrit
from scipy.stats import norm, t

from signbench.statistics import quantiles


@pytest.mark.parametrize("freedom", [1, 2, 4, 9, 19, 59, 199, 5000])
def test_quantiles_are_those_of_the_distributions(freedom: int) -> None:
    assert quantiles.students(freedom) == pytest.approx(t.ppf(0.975, freedom), abs=6e-10)
    assert pytest.approx(norm.ppf(0.975), abs=6e-10) == quantiles.NORMAL


def test_no_quantile_is_where_the_last_bits_decide_how_it_is_rounded() -> None:
    for freedom in range(1, 20_001):
        cut = Decimal(float(stdtrit(freedom, 0.975))) * 10**9
        assert abs(cut - cut.to_integral_value() - Decimal("0.5")) > Decimal("1e-6"), freedom
        assert abs(cut - cut.to_integral_value() + Decimal("0.5")) > Decimal("1e-6"), freedom
